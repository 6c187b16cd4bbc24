from django.db import migrations

# data/ledger.sql with two more fences: blocks are not truncated, and an account's totals move only
# when an entry moves them.
CREATE = """
-- 1. Append-only.
CREATE FUNCTION ledger_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Django's TransactionTestCase empties tables so; only test connections carry the setting.
  IF TG_OP = 'TRUNCATE' AND current_setting('ledger.allow_truncate', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'ledger rows are append-only (% on %)', TG_OP, TG_TABLE_NAME
    USING ERRCODE = '23514';
END $$;
CREATE TRIGGER ledger_tx_immutable BEFORE UPDATE OR DELETE ON ledger_transaction
  FOR EACH ROW EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_entry_immutable BEFORE UPDATE OR DELETE ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_block_immutable BEFORE UPDATE OR DELETE ON ledger_block
  FOR EACH ROW EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_block_item_immutable BEFORE UPDATE OR DELETE ON ledger_block_item
  FOR EACH ROW EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_account_identity_immutable
  BEFORE DELETE OR UPDATE OF id, code, owner_type, owner_id, currency, normal_side ON ledger_account
  FOR EACH ROW EXECUTE FUNCTION ledger_forbid_change();
-- Inside the trigger that applies an entry the depth is 1: by hand it is 0.
CREATE TRIGGER ledger_account_totals_move_by_entries
  BEFORE UPDATE OF posted_debit, posted_credit, version ON ledger_account
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_tx_notrunc BEFORE TRUNCATE ON ledger_transaction
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_entry_notrunc BEFORE TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_block_notrunc BEFORE TRUNCATE ON ledger_block
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER ledger_block_item_notrunc BEFORE TRUNCATE ON ledger_block_item
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_change();

-- 2. Every entry moves its account's totals and stamps version and balance.
CREATE FUNCTION ledger_apply_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE a ledger_account;
BEGIN
  UPDATE ledger_account SET
     posted_debit  = posted_debit  + CASE WHEN NEW.side = 'D' THEN NEW.amount ELSE 0 END,
     posted_credit = posted_credit + CASE WHEN NEW.side = 'C' THEN NEW.amount ELSE 0 END,
     version = version + 1
   WHERE id = NEW.account_id RETURNING * INTO a;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown account %', NEW.account_id USING ERRCODE = '23503';
  END IF;
  NEW.account_version := a.version;
  NEW.balance_after := CASE a.normal_side WHEN 'C' THEN a.posted_credit - a.posted_debit
                                          ELSE a.posted_debit - a.posted_credit END;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_entry_apply BEFORE INSERT ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION ledger_apply_entry();

-- 3. Debits equal credits per currency, two entries at least, at COMMIT; from both tables, so that
--    an empty transaction is refused too.
CREATE FUNCTION ledger_check_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE tx bigint; n int; bad text;
BEGIN
  tx := CASE TG_TABLE_NAME WHEN 'ledger_transaction' THEN (to_jsonb(NEW)->>'id')::bigint
                           ELSE (to_jsonb(NEW)->>'transaction_id')::bigint END;
  SELECT count(*) INTO n FROM ledger_entry WHERE transaction_id = tx;
  IF n < 2 THEN
    RAISE EXCEPTION 'ledger transaction % has % entries', tx, n USING ERRCODE = '23514';
  END IF;
  SELECT string_agg(currency || ':' || d, ',') INTO bad FROM (
     SELECT a.currency, sum(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) d
       FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
      WHERE e.transaction_id = tx GROUP BY 1) s WHERE d <> 0;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'ledger transaction % unbalanced: %', tx, bad USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_tx_balanced AFTER INSERT ON ledger_transaction
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balanced();
CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON ledger_entry
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balanced();

-- 4. No late entries on a committed transaction.
CREATE FUNCTION ledger_same_txid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM ledger_transaction
    WHERE id = NEW.transaction_id AND created_xid = pg_current_xact_id();
  IF NOT FOUND THEN
    RAISE EXCEPTION
      'entries may only be added by the database transaction that created ledger transaction %',
      NEW.transaction_id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_a_entry_same_tx BEFORE INSERT ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION ledger_same_txid();

-- 5. The functions mean these tables, whatever search_path a session has.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['ledger_forbid_change', 'ledger_apply_entry',
                              'ledger_check_balanced', 'ledger_same_txid'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = pg_catalog, %I, pg_temp',
                   name, current_schema());
  END LOOP;
END $$;
"""

DROP = """
DROP FUNCTION ledger_forbid_change() CASCADE;
DROP FUNCTION ledger_apply_entry() CASCADE;
DROP FUNCTION ledger_check_balanced() CASCADE;
DROP FUNCTION ledger_same_txid() CASCADE;
"""


class Migration(migrations.Migration):
    """Append-only, balanced, never overdrawn, no late entries: the database says so itself."""

    dependencies = [('payments', '0001_initial')]

    operations = [migrations.RunSQL(CREATE, DROP)]
