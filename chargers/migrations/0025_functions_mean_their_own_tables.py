from django.db import migrations

PIN = """
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION chargers_keep_presence_change() SET search_path = pg_catalog, %I, pg_temp',
                 current_schema());
END $$;
"""
UNPIN = "ALTER FUNCTION chargers_keep_presence_change() RESET search_path;"


class Migration(migrations.Migration):
    """Whatever search_path a session has (payments.md §9.3)."""

    dependencies = [("chargers", "0024_find_commands_by_time")]

    operations = [migrations.RunSQL(PIN, UNPIN)]
