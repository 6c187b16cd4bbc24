"""The whole platform in a schema of its own, as on Supabase: nothing of it stands in public."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings

pytestmark = pytest.mark.slow
NAME = "private_schema_of_a_test"


@pytest.fixture
def address(django_db_setup):
    """A new database and a role that owns it, both gone afterwards."""
    own = settings.DATABASES["default"]
    server = {name.lower(): own[name] for name in ("HOST", "PORT", "USER", "PASSWORD")}
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as admin:
        drop = [f"DROP DATABASE IF EXISTS {NAME}", f"DROP ROLE IF EXISTS {NAME}"]
        for statement in (
            *drop,
            f"CREATE ROLE {NAME} LOGIN PASSWORD '{NAME}'",
            f"CREATE DATABASE {NAME} OWNER {NAME}",
        ):
            admin.execute(statement)
        yield f"postgres://{NAME}:{NAME}@{own['HOST']}:{own['PORT']}/{NAME}"
        for statement in drop:
            admin.execute(statement)


def manage(address, *arguments):
    environment = os.environ | {"DATABASE_URL": address, "DEBUG": "1"}
    environment.pop("TEST_DATABASE_TEMPLATE", None)
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command,
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


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
        pinned = connection.execute(
            "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = 'uniev' AND NOT EXISTS (SELECT 1 FROM unnest(p.proconfig) c"
            " WHERE c LIKE 'search_path=%')"
        ).fetchone()
        assert pinned == (0,)
    manage(address, "load_demo")
    manage(address, "check_books")
    manage(address, "migrate", "--check", "--verbosity", "0")
