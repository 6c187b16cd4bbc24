from django.db import migrations

CREATE = """
-- Which database transaction wrote the version: its elements come in the same one, or never.
ALTER TABLE tariffs_tariffversion ADD COLUMN created_xid xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE FUNCTION tariffs_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a published tariff is never changed (% on %)', TG_OP, TG_TABLE_NAME
    USING ERRCODE = '23514';
END $$;
CREATE TRIGGER tariff_version_is_immutable BEFORE UPDATE OR DELETE ON tariffs_tariffversion
  FOR EACH ROW EXECUTE FUNCTION tariffs_forbid_change();
CREATE TRIGGER tariff_element_is_immutable BEFORE UPDATE OR DELETE ON tariffs_tariffelement
  FOR EACH ROW EXECUTE FUNCTION tariffs_forbid_change();
CREATE TRIGGER price_component_is_immutable BEFORE UPDATE OR DELETE ON tariffs_pricecomponent
  FOR EACH ROW EXECUTE FUNCTION tariffs_forbid_change();

CREATE FUNCTION tariffs_element_with_its_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM tariffs_tariffversion
    WHERE id = NEW.version_id AND created_xid = pg_current_xact_id();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'tariff version % is published: no element can be added', NEW.version_id
      USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER tariff_element_comes_with_its_version BEFORE INSERT ON tariffs_tariffelement
  FOR EACH ROW EXECUTE FUNCTION tariffs_element_with_its_version();

CREATE FUNCTION tariffs_component_with_its_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM tariffs_tariffelement e JOIN tariffs_tariffversion v ON v.id = e.version_id
    WHERE e.id = NEW.element_id AND v.created_xid = pg_current_xact_id();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the tariff of element % is published: no price can be added', NEW.element_id
      USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER price_component_comes_with_its_version BEFORE INSERT ON tariffs_pricecomponent
  FOR EACH ROW EXECUTE FUNCTION tariffs_component_with_its_version();

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tariffs_forbid_change', 'tariffs_element_with_its_version',
                              'tariffs_component_with_its_version'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = pg_catalog, %I, pg_temp',
                   name, current_schema());
  END LOOP;
END $$;
"""

DROP = """
DROP FUNCTION tariffs_forbid_change() CASCADE;
DROP FUNCTION tariffs_element_with_its_version() CASCADE;
DROP FUNCTION tariffs_component_with_its_version() CASCADE;
ALTER TABLE tariffs_tariffversion DROP COLUMN created_xid;
"""


class Migration(migrations.Migration):
    """A version is written once, whole: a bill of last year is explained by it."""

    dependencies = [('tariffs', '0001_initial')]

    operations = [migrations.RunSQL(CREATE, DROP)]
