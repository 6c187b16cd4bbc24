from django.db import migrations

# Free room in each page lets a row move within it, without touching an index (HOT).
SET = """
ALTER TABLE chargers_presence SET (fillfactor = 50);
ALTER TABLE chargers_chargingsession SET (fillfactor = 70);
ALTER TABLE chargers_connector SET (fillfactor = 70);
"""

RESET = """
ALTER TABLE chargers_presence RESET (fillfactor);
ALTER TABLE chargers_chargingsession RESET (fillfactor);
ALTER TABLE chargers_connector RESET (fillfactor);
"""


class Migration(migrations.Migration):
    """Rows that move with the traffic."""

    dependencies = [('chargers', '0004_no_overlapping_tariffs')]

    operations = [migrations.RunSQL(SET, RESET)]
