"""How every batch statement runs: one JSON document in, rows out, on Django's own connection."""

from __future__ import annotations

from typing import Any, Final

import orjson
from django.db import connection

# A transaction id is any integer a charger makes up; bigint holds less.
BIGINT_MAX: Final = 2**63 - 1


def run(statement: str, document: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Run `statement`, whose one parameter is `document` as JSON; its rows.

    Aware datetimes become RFC 3339 texts, UUIDs texts; bytes must be hex texts.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [orjson.dumps(document).decode()])
        return cursor.fetchall()


def run_quietly(statement: str, document: list[dict[str, Any]]) -> None:
    """Like `run`, for a statement that returns no rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [orjson.dumps(document).decode()])


def clip_transaction_id(number: int | None) -> int | None:
    """`number`, or -1 ("never confirmed") where no column can hold it."""
    return number if number is None or abs(number) <= BIGINT_MAX else -1
