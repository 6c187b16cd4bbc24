"""The whole platform in a schema of its own, as on Supabase: nothing of it stands in public."""

from __future__ import annotations

import psycopg
import pytest

from unievp.tests.scratch import manage, scratch_database

pytestmark = pytest.mark.slow


@pytest.fixture
def address(django_db_setup):
    with scratch_database("private_schema_of_a_test") as address:
        yield address


def test_migrations_and_the_ledger_work_in_a_private_schema(address):
    assert "migrate" in manage(address, "prepare_database", "--schema", "uniev")
    manage(address, "migrate", "--verbosity", "0")
    with psycopg.connect(address) as connection:
        tables = dict(
            connection.execute(
                "SELECT schemaname, count(*) FROM pg_tables"
                " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') GROUP BY 1"
            ).fetchall()
        )
        assert list(tables) == ["uniev"]
        assert tables["uniev"] > 100
        loose = connection.execute(
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = 'uniev' AND NOT EXISTS (SELECT 1 FROM unnest(p.proconfig) c"
            " WHERE c LIKE 'search_path=%')"
        ).fetchall()
        assert loose == []
    manage(address, "load_demo")
    manage(address, "check_books")
