from datetime import date
from decimal import Decimal

from django.db import migrations

# As far as they are known: reference of November 2026; staff add what changes.
CAPS = (
    {
        "kind": "energy_price",
        "charging_class": "",
        "amount": Decimal("2466.78"),
        "valid_from": date(2023, 1, 13),
        "rule": "Permen ESDM 1/2023: tariff L x 1.5",
        "source": "Energy for electric vehicles is sold at PLN's tariff class L (Rp 1,644.52/kWh) "
        "times at most 1.5.",
    },
    {
        "kind": "session_fee",
        "charging_class": "fast",
        "amount": Decimal(25_000),
        "valid_from": date(2023, 7, 17),
        "rule": "Kepmen ESDM 182.K/TL.04/MEM.S/2023",
        "source": "Service fee of fast charging, per session, without PPN. To be reviewed every "
        "two years.",
    },
    {
        "kind": "session_fee",
        "charging_class": "ultrafast",
        "amount": Decimal(57_000),
        "valid_from": date(2023, 7, 17),
        "rule": "Kepmen ESDM 182.K/TL.04/MEM.S/2023",
        "source": "Service fee of ultrafast charging, per session, without PPN. To be reviewed "
        "every two years.",
    },
)
VAT = {
    "percent": Decimal(12),
    "base_numerator": 11,
    "base_denominator": 12,
    "rule": "PMK 131/2024",
    "source": "12 % of 11/12 of the price: 11 % of it, since 2025.",
}


def seed(apps, schema_editor):
    """Again: no change."""
    caps, rates = apps.get_model("tariffs", "PriceCap"), apps.get_model("tariffs", "VatRate")
    for cap in CAPS:
        key = {name: cap[name] for name in ("kind", "charging_class", "valid_from")}
        caps.objects.get_or_create(**key, defaults=cap)
    rates.objects.get_or_create(valid_from=date(2025, 1, 1), defaults=VAT)


class Migration(migrations.Migration):
    """The caps and the PPN rate that are in force today, with their sources."""

    dependencies = [("tariffs", "0003_price_caps_and_vat_rates")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
