from django.db import migrations

CREATE = """
DROP TRIGGER bill_is_final ON payments_bill;
CREATE TRIGGER bill_is_final
  BEFORE DELETE OR UPDATE OF session_id, cpo_id, driver_id, payer_reference, currency, total, tax,
    platform_fee, issued_at, booking_id ON payments_bill
  FOR EACH ROW EXECUTE FUNCTION payments_forbid_change();
CREATE TRIGGER roaming_charge_is_final BEFORE UPDATE OR DELETE ON payments_roamingcharge
  FOR EACH ROW EXECUTE FUNCTION payments_forbid_change();
CREATE TRIGGER bill_credit_is_final BEFORE UPDATE OR DELETE ON payments_billcredit
  FOR EACH ROW EXECUTE FUNCTION payments_forbid_change();
"""

DROP = """
DROP TRIGGER bill_credit_is_final ON payments_billcredit;
DROP TRIGGER roaming_charge_is_final ON payments_roamingcharge;
DROP TRIGGER bill_is_final ON payments_bill;
CREATE TRIGGER bill_is_final
  BEFORE DELETE OR UPDATE OF session_id, cpo_id, driver_id, currency, total, tax, platform_fee,
    issued_at, booking_id ON payments_bill
  FOR EACH ROW EXECUTE FUNCTION payments_forbid_change();
"""


class Migration(migrations.Migration):
    """Charges, credits and who owes a bill are not rewritten: the books were made of them."""

    dependencies = [("payments", "0019_roaming_charges_and_partners_payments")]

    operations = [migrations.RunSQL(CREATE, DROP)]
