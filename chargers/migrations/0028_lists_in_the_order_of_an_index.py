from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    """Sessions may be a million: their indexes are made while chargers go on writing."""

    atomic = False

    dependencies = [
        ("chargers", "0027_mark_stale_hours"),
        ("cpo", "0011_functions_mean_their_own_tables"),
        ("tariffs", "0004_rules_in_force"),
    ]

    operations = [
        AddIndexConcurrently(
            "chargingsession",
            models.Index(fields=["cpo", "-started_at", "-id"], name="session_of_cpo_newest_first"),
        ),
        AddIndexConcurrently(
            "chargingsession",
            models.Index(fields=["-started_at", "-id"], name="session_newest_first"),
        ),
        AddIndexConcurrently(
            "chargingsession",
            models.Index(Lower("id_tag"), models.F("started_at").desc(), name="session_by_tag"),
        ),
        RemoveIndexConcurrently("chargingsession", "session_by_cpo"),
        RemoveIndexConcurrently("chargingsession", "session_by_start"),
        migrations.AddIndex(
            "charger", models.Index(fields=["identity"], name="charger_by_identity")
        ),
        migrations.AddIndex(
            "charger", models.Index(fields=["cpo", "identity"], name="charger_of_cpo_by_identity")
        ),
    ]
