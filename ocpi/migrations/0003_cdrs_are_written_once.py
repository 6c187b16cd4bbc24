from django.db import migrations

FORWARDS = """
CREATE FUNCTION ocpi_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'A CDR is never changed: take it back by a credit CDR'
    USING ERRCODE = 'restrict_violation';
END $$;
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION ocpi_forbid_change() SET search_path = pg_catalog, %I, pg_temp',
                 current_schema());
END $$;
CREATE TRIGGER cdr_is_final BEFORE UPDATE OR DELETE ON ocpi_cdr
  FOR EACH ROW EXECUTE FUNCTION ocpi_forbid_change();
"""

BACKWARDS = "DROP FUNCTION ocpi_forbid_change() CASCADE;"


class Migration(migrations.Migration):
    """An UPDATE or DELETE of a CDR fails whoever sends it: partners have it."""

    dependencies = [("ocpi", "0002_what_partners_see")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
