import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

SUMS = ["location", "sessions", "energy_wh", "revenue", "busy"]


def unindexed(model: str, verbose_name: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="sessions",
        to=model,
        verbose_name=verbose_name,
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("chargers", "0029_who_pays_for_a_token"),
        ("cpo", "0011_functions_mean_their_own_tables"),
    ]

    operations = [
        AddIndexConcurrently(
            "sessionhour",
            models.Index(fields=["hour"], include=["cpo", *SUMS], name="session_hour_sums"),
        ),
        AddIndexConcurrently(
            "sessionhour",
            models.Index(fields=["cpo", "hour"], include=SUMS, name="session_hour_sums_of_cpo"),
        ),
        RemoveIndexConcurrently("sessionhour", "session_hour_by_hour"),
        migrations.AlterField(
            "chargingsession", "charger", unindexed("chargers.charger", "charger")
        ),
        migrations.AlterField(
            "chargingsession", "connector", unindexed("chargers.connector", "connector")
        ),
        migrations.AlterField("chargingsession", "cpo", unindexed("cpo.cpo", "CPO")),
    ]
