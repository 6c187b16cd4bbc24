from django.db import migrations

CREATE = """
CREATE FUNCTION payments_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a bill is final (% on %)', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END $$;
CREATE TRIGGER bill_is_final
  BEFORE DELETE OR UPDATE OF session_id, cpo_id, driver_id, currency, total, tax, platform_fee,
    issued_at, booking_id ON payments_bill
  FOR EACH ROW EXECUTE FUNCTION payments_forbid_change();
CREATE TRIGGER bill_line_is_final BEFORE UPDATE OR DELETE ON payments_billline
  FOR EACH ROW EXECUTE FUNCTION payments_forbid_change();
"""

DROP = "DROP FUNCTION payments_forbid_change() CASCADE;"


class Migration(migrations.Migration):
    """What was owed is not rewritten: only its release is added."""

    dependencies = [('payments', '0003_bills_and_settlements')]

    operations = [migrations.RunSQL(CREATE, DROP)]
