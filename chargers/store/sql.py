"""How every batch statement runs: one JSON document in, rows out, on Django's own connection."""

from __future__ import annotations

from typing import Any, Final

import orjson
import psycopg
from django.conf import settings
from django.db import connection

# A transaction id is any integer a charger makes up; bigint holds less.
BIGINT_MAX: Final = 2**63 - 1


def run(statement: str, document: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Run `statement`, whose one parameter is `document` as JSON; its rows ([] for none).

    Aware datetimes become RFC 3339 texts, UUIDs texts; bytes must be hex texts. The statement is
    prepared once per connection: planning these costs the database more than running them for a
    few rows. Django's cursor never prepares, so it is passed by, except where somebody counts
    queries and behind a transaction pooler, which knows no prepared statements.
    """
    text = orjson.dumps(document).decode()
    if (
        connection.force_debug_cursor
        or settings.DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"]
    ):
        with connection.cursor() as cursor:
            cursor.execute(statement, [text])
            return cursor.fetchall() if cursor.description else []
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    raw: psycopg.Connection[tuple[Any, ...]] = connection.connection
    with connection.wrap_database_errors, psycopg.Cursor(raw) as prepared:
        raw.prepare_threshold = 0
        prepared.execute(statement, [text], prepare=True)
        return prepared.fetchall() if prepared.description else []


def clip_transaction_id(number: int | None) -> int | None:
    """`number`, or -1 ("never confirmed") where no column can hold it."""
    return number if number is None or abs(number) <= BIGINT_MAX else -1
