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


def simple_tariff_of(rules: Rules) -> SimpleTariff | None:
    """The numbers that `simple_rules` makes `rules` of; None where no numbers do."""
    given: dict[str, Decimal | int] = {}
    taxes: dict[Kind, tuple[Tax, ...]] = {}
    for element in rules.elements:
        for part in element.components:
            at_night = element.restrictions.start_time == NIGHT_BEGINS
            name, price = _number_of(part, at_night=at_night)
            given[name] = price
            taxes[part.kind] = part.taxes
        if element.restrictions.min_idle_s is not None:
            given["idle_grace_minutes"] = element.restrictions.min_idle_s // 60
    if "per_kwh" not in given or "" in given:
        return None
    fees = taxes.get(Kind.FLAT, taxes.get(Kind.PARKING_TIME, ()))
    tariff = SimpleTariff(
        **given,  # type: ignore[arg-type]  # only the grace is a whole number
        tax_included=rules.tax_included,
        fee_vat_percent=fees[0].percent if fees else None,
        energy_vat_percent=next((tax.percent for tax in taxes[Kind.ENERGY]), None),
        currency=rules.currency,
        free_below_wh=rules.free_below_wh,
    )
    return tariff if simple_rules(tariff) == rules else None


def _number_of(part: Component, *, at_night: bool) -> tuple[str, Decimal]:
    """Which number of `SimpleTariff` this price is; "" for none."""
    if part.kind is Kind.ENERGY:
        return ("night_per_kwh" if at_night else "per_kwh"), part.price
    if part.kind is Kind.FLAT:
        return "session_fee", part.price
    if part.kind is Kind.PARKING_TIME:
        return "idle_per_minute", part.price / 60
    return "", part.price


def _vat(percent: Decimal | None) -> tuple[Tax, ...]:
    return () if percent is None else (Tax(TaxCode.VAT, percent),)
