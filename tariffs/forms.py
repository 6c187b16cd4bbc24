"""The usual tariff as five numbers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tariffs.pricing.simple import SimpleTariff, simple_rules
from tariffs.pricing.tariff import Rules
from tariffs.services.regulation import vat_percent


def _price(label: Any, *, required: bool = True, initial: int | None = None) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=required,
        initial=initial,
        min_value=0,
        max_digits=14,
        decimal_places=4,
    )


class SimplePricesForm(forms.Form):
    """The fields of `SimpleTariff`, in rupiah."""

    per_kwh = _price(_("Per kWh"))
    night_per_kwh = _price(_("Per kWh from 22:00 to 05:00 (empty: the same)"), required=False)
    session_fee = _price(_("Per session"), initial=0)
    idle_per_minute = _price(_("Per minute of standing on after charging"), initial=0)
    idle_grace_minutes = forms.IntegerField(
        label=_("Minutes of grace before that"), min_value=0, max_value=1440, initial=15
    )


def rules_of_form(values: dict[str, Any], *, at: datetime) -> Rules:
    """Rupiah, tax included, with the VAT of that day on the fees."""
    names = SimplePricesForm.base_fields.keys()
    given = {name: values[name] for name in names if values.get(name) is not None}
    fee_vat: Decimal | None = vat_percent(at)
    return simple_rules(SimpleTariff(**given, fee_vat_percent=fee_vat))
