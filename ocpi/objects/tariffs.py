"""Our tariffs as OCPI Tariff objects (OCPI 2.2.1 §11.3), and what OCPI cannot say told in words.

The specification's prices are net; ours may hold tax, and are divided then (six places, which a
receiver's own sum agrees with to the cent). A grace before idle fees and "free below" have no field
there: the periods of a CDR that they apply to name no tariff, which prices them at nothing.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from ocpi.wire.json import without_none
from tariffs.describe import describe
from tariffs.pricing import Bound, Component, Kind, Restrictions, Snapshot, to_decimal

PLACES: Final = 6
DAYS: Final = (
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
)
# Free of charge is said (§11.3: at least one element), not left out.
_FREE: Final[dict[str, Any]] = {
    "price_components": [{"type": "FLAT", "price": Decimal(), "step_size": 1}]
}
_LONGEST_TEXT: Final = 512
_LANGUAGES: Final = ("id", "en")


def tariff_id(template_id: int, pbjt_percent: Decimal) -> str:
    """`T12`, or `T12-10` where the place adds 10 % PBJT: one template, one id per tax."""
    suffix = f"-{pbjt_percent.normalize():f}" if pbjt_percent else ""
    return f"T{template_id}{suffix}"


def tariff_object(
    snapshot: Snapshot, *, owner: tuple[str, str], ocpi_id: str, last_updated: datetime
) -> dict[str, Any]:
    """`owner`: country code and party id of the CPO."""
    rules = snapshot.rules
    tax = _usual_tax(snapshot)
    return without_none(
        {
            "country_code": owner[0],
            "party_id": owner[1],
            "id": ocpi_id,
            "currency": rules.currency,
            "tariff_alt_text": _words(snapshot),
            "min_price": _bound(rules.min_price, tax),
            "max_price": _bound(rules.max_price, tax),
            "elements": [
                without_none(
                    {
                        "price_components": [
                            _component(part, snapshot) for part in element.components
                        ],
                        "restrictions": _restrictions(element.restrictions) or None,
                    }
                )
                for element in rules.elements
            ]
            or [_FREE],
            "last_updated": last_updated,
        }
    )


def _component(part: Component, snapshot: Snapshot) -> dict[str, Any]:
    taxes = snapshot.taxes_of(part)
    percent = sum((tax.percent for tax in taxes), Decimal())
    price = part.price
    if snapshot.rules.tax_included and percent:
        price = to_decimal(Fraction(price) / (1 + Fraction(percent) / 100), PLACES)
    return without_none(
        {
            "type": part.kind.value,
            "price": price,
            "vat": percent if taxes else None,
            # 0 is ours for "exact"; energy is whole Wh and time whole seconds, and some peers
            # divide by it.
            "step_size": part.step_size or 1,
        }
    )


def _restrictions(rule: Restrictions) -> dict[str, Any]:
    days = [DAYS[day - 1] for day in sorted(rule.days)]
    return without_none(
        {
            "start_time": rule.start_time and f"{rule.start_time:%H:%M}",
            "end_time": rule.end_time and f"{rule.end_time:%H:%M}",
            "start_date": rule.start_date and rule.start_date.isoformat(),
            "end_date": rule.end_date and rule.end_date.isoformat(),
            "min_kwh": _thousandth(rule.min_energy_wh),
            "max_kwh": _thousandth(rule.max_energy_wh),
            "min_current": _thousandth(rule.min_current_ma),
            "max_current": _thousandth(rule.max_current_ma),
            "min_power": _thousandth(rule.min_power_w),
            "max_power": _thousandth(rule.max_power_w),
            "min_duration": rule.min_duration_s,
            "max_duration": rule.max_duration_s,
            "day_of_week": days or None,
            "reservation": rule.reservation and rule.reservation.value,
        }
    )


def _thousandth(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / 1000


def _bound(bound: Bound | None, tax: Fraction) -> dict[str, Any] | None:
    """A Price must have its net side: one that is not given follows by the tariff's usual tax."""
    if bound is None:
        return None
    excl, incl = bound.excl, bound.incl
    if excl is None and incl is not None:
        excl = to_decimal(Fraction(incl) / (1 + tax), PLACES)
    return without_none({"excl_vat": excl, "incl_vat": incl})


def _usual_tax(snapshot: Snapshot) -> Fraction:
    """The share of tax on energy, else on whatever is sold."""
    parts = [part for element in snapshot.rules.elements for part in element.components]
    parts.sort(key=lambda part: part.kind is not Kind.ENERGY)
    if not parts:
        return Fraction()
    return sum((Fraction(tax.percent) / 100 for tax in snapshot.taxes_of(parts[0])), Fraction())


def _words(snapshot: Snapshot) -> list[dict[str, str]]:
    texts = []
    for language in _LANGUAGES:
        lines = describe(snapshot.rules, language=language, pbjt_percent=snapshot.pbjt_percent)
        text = "; ".join(str(line) for line in lines)
        if len(text) > _LONGEST_TEXT:
            text = text[: _LONGEST_TEXT - 1] + "…"
        texts.append({"language": language, "text": text})
    return texts
