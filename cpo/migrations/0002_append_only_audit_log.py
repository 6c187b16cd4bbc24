from django.db import migrations

# TRUNCATE passes only where the connection says so: Django's TransactionTestCase empties tables so.
CREATE = """
CREATE FUNCTION cpo_auditentry_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' AND current_setting('ledger.allow_truncate', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only (%)', TG_OP USING ERRCODE = '23514';
END $$;
CREATE TRIGGER audit_entry_is_immutable BEFORE UPDATE OR DELETE ON cpo_auditentry
  FOR EACH ROW EXECUTE FUNCTION cpo_auditentry_forbid_change();
CREATE TRIGGER audit_entry_is_not_truncated BEFORE TRUNCATE ON cpo_auditentry
  FOR EACH STATEMENT EXECUTE FUNCTION cpo_auditentry_forbid_change();
"""

DROP = """
DROP TRIGGER audit_entry_is_not_truncated ON cpo_auditentry;
DROP TRIGGER audit_entry_is_immutable ON cpo_auditentry;
DROP FUNCTION cpo_auditentry_forbid_change();
"""


class Migration(migrations.Migration):
    """What was done stays written."""

    dependencies = [('cpo', '0001_initial')]

    operations = [migrations.RunSQL(CREATE, DROP)]
