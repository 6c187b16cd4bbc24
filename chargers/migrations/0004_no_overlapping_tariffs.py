from django.db import migrations

# int8range instead of the extension btree_gist: two ranges [n, n] overlap where the numbers are equal.
CREATE = """
ALTER TABLE chargers_tariffassignment ADD CONSTRAINT tariff_assignments_do_not_overlap
EXCLUDE USING gist (
    int8range(charger_id, charger_id, '[]') WITH &&,
    int8range(coalesce(connector_id, 0), coalesce(connector_id, 0), '[]') WITH &&,
    tstzrange(valid_from, valid_to) WITH &&
)
"""

DROP = "ALTER TABLE chargers_tariffassignment DROP CONSTRAINT tariff_assignments_do_not_overlap"


class Migration(migrations.Migration):
    """A charger, and a connector, sells at one tariff at a time."""

    dependencies = [('chargers', '0003_partitioned_frames')]

    operations = [migrations.RunSQL(CREATE, DROP)]
