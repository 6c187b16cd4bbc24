from django.db import migrations

PIN = """
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION payments_forbid_change() SET search_path = pg_catalog, %I, pg_temp',
                 current_schema());
END $$;
"""
UNPIN = "ALTER FUNCTION payments_forbid_change() RESET search_path;"


class Migration(migrations.Migration):
    """Whatever search_path a session has (payments.md §9.3)."""

    dependencies = [("payments", "0017_transfer_fees_are_dated_and_event_kinds_known")]

    operations = [migrations.RunSQL(PIN, UNPIN)]
