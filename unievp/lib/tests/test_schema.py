"""Who else can read our tables; and the name of a schema of our own."""

from __future__ import annotations

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import connection

from unievp.lib.schema import open_tables, prepare_schema

pytestmark = pytest.mark.django_db


def execute(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def data_api():
    """The roles of Supabase's Data API, until this test's transaction is taken back."""
    execute("CREATE ROLE anon", "CREATE ROLE authenticated", "GRANT USAGE ON SCHEMA public TO anon")


def warnings():
    found = run_checks(tags=[Tags.database], databases=["default"])
    return [message for message in found if message.id == "uniev.W001"]


def test_database_without_the_data_api_is_ours_alone():
    assert open_tables() is None
    assert warnings() == []


def test_table_that_the_public_key_opens_is_warned_of_with_the_remedy(data_api):
    execute("GRANT SELECT ON cpo_user, ledger_entry TO anon")
    (warning,) = warnings()
    assert "2 tables of schema public, such as cpo_user" in warning.msg
    execute(open_tables().remedy().replace("%", "%%"))
    assert warnings() == []


def test_row_level_security_closes_a_table(data_api):
    execute("GRANT SELECT ON cpo_user TO anon", "ALTER TABLE cpo_user ENABLE ROW LEVEL SECURITY")
    assert warnings() == []


@pytest.mark.parametrize("name", ["public", "auth", "pg_own", "Uniev", "a b", "", 'x"; DROP'])
def test_schema_that_is_not_ours_to_take_is_refused(name):
    with pytest.raises(ValueError, match="cannot be the name"):
        prepare_schema(name)
    with pytest.raises(CommandError):
        call_command("prepare_database", schema=name)
