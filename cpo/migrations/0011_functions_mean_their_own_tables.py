from django.db import migrations

PIN = """
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION cpo_auditentry_forbid_change() SET search_path = pg_catalog, %I, pg_temp',
                 current_schema());
END $$;
"""
UNPIN = "ALTER FUNCTION cpo_auditentry_forbid_change() RESET search_path;"


class Migration(migrations.Migration):
    """Whatever search_path a session has (payments.md §9.3)."""

    dependencies = [("cpo", "0010_notifications_and_cursors_of_logs")]

    operations = [migrations.RunSQL(PIN, UNPIN)]
