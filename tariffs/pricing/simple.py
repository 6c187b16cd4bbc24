"""The tariff most operators sell: per kWh, cheaper at night, a session fee, an idle fee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from decimal import Decimal

from tariffs.pricing.tariff import Component, Element, Kind, Restrictions, Rules, Tax, TaxCode

NIGHT_BEGINS, NIGHT_ENDS = time(22), time(5)


@dataclass(frozen=True, slots=True)
class SimpleTariff:
    """Major units. `idle_per_minute` begins `idle_grace_minutes` after charging ended.

    VAT applies to the fees; electricity is exempt (PP 49/2022) unless `energy_vat_percent` is set.
    """

    per_kwh: Decimal
    session_fee: Decimal = Decimal(0)
    idle_per_minute: Decimal = Decimal(0)
    idle_grace_minutes: int = 0
    night_per_kwh: Decimal | None = None
    tax_included: bool = True
    fee_vat_percent: Decimal | None = Decimal(11)
    energy_vat_percent: Decimal | None = None
    currency: str = "IDR"
    free_below_wh: int = 1


def simple_rules(tariff: SimpleTariff) -> Rules:
    """The same as OCPI elements: night energy first, then everything else."""
    energy_tax, fee_tax = _vat(tariff.energy_vat_percent), _vat(tariff.fee_vat_percent)
    elements: list[Element] = []
    if tariff.night_per_kwh is not None:
        night = Component(Kind.ENERGY, tariff.night_per_kwh, taxes=energy_tax)
        at_night = Restrictions(start_time=NIGHT_BEGINS, end_time=NIGHT_ENDS)
        elements.append(Element((night,), at_night))
    always = [Component(Kind.ENERGY, tariff.per_kwh, taxes=energy_tax)]
    if tariff.session_fee:
        always.append(Component(Kind.FLAT, tariff.session_fee, taxes=fee_tax))
    elements.append(Element(tuple(always)))
    if tariff.idle_per_minute:
        idle = Component(Kind.PARKING_TIME, tariff.idle_per_minute * 60, 60, fee_tax)
        grace = tariff.idle_grace_minutes * 60 or None
        elements.append(Element((idle,), Restrictions(min_idle_s=grace)))
    return Rules(
        elements=tuple(elements),
        currency=tariff.currency,
        tax_included=tariff.tax_included,
        free_below_wh=tariff.free_below_wh,
    )


def _vat(percent: Decimal | None) -> tuple[Tax, ...]:
    return () if percent is None else (Tax(TaxCode.VAT, percent),)
