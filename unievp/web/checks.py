"""System checks about the database as it stands: `manage.py check --database default`, migrate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from unievp.lib.schema import open_tables


@register(Tags.database)
def check_data_api(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Warn where the Data API of Supabase could read or change our tables."""
    if not databases:
        return []
    try:
        found = open_tables()
    except DatabaseError:
        # Not there yet: whoever migrates hears of that in other words.
        return []
    if found is None:
        return []
    return [
        Warning(
            f"The roles anon and authenticated may touch {len(found.names)} tables of schema "
            f"{found.schema}, such as {found.names[0]}: with the Data API on, anybody who has the "
            "project's public key reads and writes them.",
            hint="Switch the Data API off, or move to a schema of our own before the first migrate "
            f"(manage.py prepare_database), or run: {found.remedy()}",
            id="uniev.W001",
        )
    ]
