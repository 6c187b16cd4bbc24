from django.db import migrations

# Whoever changes an ended session cannot forget the mark. Readings of running sessions change
# none of these columns of an ended row, so the condition is all they pay for.
MARKS = """
CREATE FUNCTION chargers_mark_stale_hour() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO chargers_stalehour (hour) VALUES (date_trunc('hour', OLD.started_at, 'UTC'));
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND date_trunc('hour', NEW.started_at, 'UTC')
                            <> date_trunc('hour', OLD.started_at, 'UTC')) THEN
        INSERT INTO chargers_stalehour (hour) VALUES (date_trunc('hour', NEW.started_at, 'UTC'));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER hour_of_new_session_is_stale AFTER INSERT ON chargers_chargingsession
    FOR EACH ROW WHEN (NEW.status = 'ended') EXECUTE FUNCTION chargers_mark_stale_hour();
CREATE TRIGGER hour_of_removed_session_is_stale AFTER DELETE ON chargers_chargingsession
    FOR EACH ROW WHEN (OLD.status = 'ended') EXECUTE FUNCTION chargers_mark_stale_hour();
CREATE TRIGGER hour_of_changed_session_is_stale AFTER UPDATE ON chargers_chargingsession
    FOR EACH ROW WHEN ((OLD.status = 'ended' OR NEW.status = 'ended') AND
        (OLD.status, OLD.cpo_id, OLD.charger_id, OLD.started_at, OLD.ended_at,
         OLD.energy_wh, OLD.cost, OLD.billing_status)
        IS DISTINCT FROM
        (NEW.status, NEW.cpo_id, NEW.charger_id, NEW.started_at, NEW.ended_at,
         NEW.energy_wh, NEW.cost, NEW.billing_status))
    EXECUTE FUNCTION chargers_mark_stale_hour();

CREATE FUNCTION chargers_mark_moved_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chargers_stalehour (hour)
    SELECT DISTINCT date_trunc('hour', started_at, 'UTC') FROM chargers_chargingsession
    WHERE charger_id = NEW.id AND status = 'ended';
    RETURN NULL;
END $$;
CREATE TRIGGER hours_of_moved_charger_are_stale AFTER UPDATE OF location_id ON chargers_charger
    FOR EACH ROW WHEN (OLD.location_id IS DISTINCT FROM NEW.location_id)
    EXECUTE FUNCTION chargers_mark_moved_hours();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['chargers_mark_stale_hour', 'chargers_mark_moved_hours'] LOOP
        EXECUTE format('ALTER FUNCTION %I() SET search_path = pg_catalog, %I, pg_temp',
                       name, current_schema());
    END LOOP;
END $$;

INSERT INTO chargers_stalehour (hour)
SELECT DISTINCT date_trunc('hour', started_at, 'UTC') FROM chargers_chargingsession
WHERE status = 'ended';
"""

NO_MARKS = """
DROP TRIGGER hours_of_moved_charger_are_stale ON chargers_charger;
DROP TRIGGER hour_of_new_session_is_stale ON chargers_chargingsession;
DROP TRIGGER hour_of_removed_session_is_stale ON chargers_chargingsession;
DROP TRIGGER hour_of_changed_session_is_stale ON chargers_chargingsession;
DROP FUNCTION chargers_mark_moved_hours();
DROP FUNCTION chargers_mark_stale_hour();
"""


class Migration(migrations.Migration):
    """Triggers mark the hours whose sums no longer hold; all that there are, to begin with."""

    dependencies = [("chargers", "0026_hours_of_sessions")]

    operations = [migrations.RunSQL(MARKS, NO_MARKS)]
