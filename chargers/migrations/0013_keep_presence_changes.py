from django.db import migrations

# The row of the present is not yet in the table when its trigger runs AFTER: `max` is what was.
PRESENCE = """
CREATE FUNCTION chargers_keep_presence_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chargers_presencechange (charger_id, at, online)
    SELECT NEW.charger_id,
        greatest(
            least(coalesce(NEW.last_seen_at, clock_timestamp()), clock_timestamp()),
            (SELECT max(at) FROM chargers_presencechange WHERE charger_id = NEW.charger_id)
        ),
        NEW.online;
    RETURN NULL;
END $$;
CREATE TRIGGER presence_change_is_kept AFTER UPDATE OF online ON chargers_presence
    FOR EACH ROW WHEN (OLD.online IS DISTINCT FROM NEW.online)
    EXECUTE FUNCTION chargers_keep_presence_change();
CREATE TRIGGER first_presence_is_kept AFTER INSERT ON chargers_presence
    FOR EACH ROW WHEN (NEW.online)
    EXECUTE FUNCTION chargers_keep_presence_change();
INSERT INTO chargers_presencechange (charger_id, at, online)
SELECT charger_id, coalesce(connected_at, last_seen_at, clock_timestamp()), true
FROM chargers_presence WHERE online OR connected_at IS NOT NULL;
INSERT INTO chargers_presencechange (charger_id, at, online)
SELECT charger_id, greatest(last_seen_at, connected_at), false
FROM chargers_presence WHERE NOT online AND connected_at IS NOT NULL;
"""

NO_PRESENCE = """
DROP TRIGGER presence_change_is_kept ON chargers_presence;
DROP TRIGGER first_presence_is_kept ON chargers_presence;
DROP FUNCTION chargers_keep_presence_change();
"""

# A server built without lz4 keeps its default, pglz. Only long values are compressed at all.
COMPRESS = """
DO $$
DECLARE part regclass;
BEGIN
    FOR part IN SELECT relid FROM pg_partition_tree('chargers_frame') LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN request SET COMPRESSION lz4', part);
        EXECUTE format('ALTER TABLE %s ALTER COLUMN response SET COMPRESSION lz4', part);
    END LOOP;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN NULL;
END $$;
"""


class Migration(migrations.Migration):
    """A trigger keeps presence changes; long frames are compressed with lz4 where there is lz4."""

    dependencies = [('chargers', '0012_firmware_campaign_resumed')]

    operations = [
        migrations.RunSQL(PRESENCE, NO_PRESENCE),
        migrations.RunSQL(COMPRESS, migrations.RunSQL.noop),
    ]
