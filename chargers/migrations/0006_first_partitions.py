from django.db import migrations


def make_partitions(apps, schema_editor):
    """The hourly task makes every later one; this is for its first hour."""
    from chargers.store.partitions import make_partitions

    make_partitions()


class Migration(migrations.Migration):
    """Partitions for now and next."""

    dependencies = [('chargers', '0005_room_for_hot_updates')]

    operations = [migrations.RunPython(make_partitions, migrations.RunPython.noop)]
