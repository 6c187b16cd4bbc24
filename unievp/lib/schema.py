"""Which schema our tables stand in, and who else can read them.

Supabase's Data API offers every table of the schemas it exposes (`public` by default) to whoever
has the project's public key, as the roles anon and authenticated. Tables made by a migration have
no row-level security, so there they would be open (payments.md §9.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.db import connection
from psycopg import sql

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_TAKEN: Final = frozenset(
    {"public", "auth", "storage", "realtime", "extensions", "graphql", "graphql_public", "vault"}
)
_OPEN_TABLES: Final = """
    SELECT n.nspname, c.relname
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_roles r ON r.rolname IN ('anon', 'authenticated')
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
       AND has_schema_privilege(r.oid, n.oid, 'USAGE')
       AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
     GROUP BY 1, 2 ORDER BY 1, 2"""


@dataclass(frozen=True, slots=True)
class OpenTables:
    """Tables that the Data API's roles may touch without a policy."""

    schema: str
    names: tuple[str, ...]

    def remedy(self) -> str:
        """SQL that closes them, whatever the Data API exposes."""
        return (
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {self.schema} FROM anon, authenticated; "
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {self.schema} "
            "REVOKE ALL ON TABLES FROM anon, authenticated;"
        )


def prepare_schema(name: str) -> tuple[str, str]:
    """Make the schema and set the role's search_path in this database; role and database.

    On the role, not on the session: a transaction pooler forgets what a session sets. Raises
    ValueError for a name that is taken by the platform, or is none.
    """
    if not _NAME.fullmatch(name) or name in _TAKEN or name.startswith("pg_"):
        message = f"{name!r} cannot be the name of our schema; take one such as uniev"
        raise ValueError(message)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        role, database = cursor.fetchone()
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(name)))
        cursor.execute(
            sql.SQL("ALTER ROLE {} IN DATABASE {} SET search_path = {}, extensions").format(
                sql.Identifier(role), sql.Identifier(database), sql.Identifier(name)
            )
        )
    return role, database


def open_tables() -> OpenTables | None:
    """None where nobody but us can read them, or there is no Data API."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_TABLES)
        rows = cursor.fetchall()
    if not rows:
        return None
    return OpenTables(rows[0][0], tuple(name for _schema, name in rows))
