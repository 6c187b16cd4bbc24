"""Prices as the API takes and shows them: the tariff object of OCPI 2.2.1 (§11.3, §11.4)."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Any, Final

from rest_framework import serializers

from tariffs.pricing.tariff import (
    Bound,
    Component,
    Element,
    Kind,
    Reservation,
    Restrictions,
    Rules,
    Tax,
    TaxCode,
)
from unievp.lib.money import EXPONENTS

WEEK: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
PRICED: Final = ("ENERGY", "TIME", "PARKING_TIME", "FLAT")
_MOST: Final = 2**31 - 1
# kWh, kW and A with thousandths: what a meter tells.
_RANGES: Final = (("kwh", "energy_wh"), ("power", "power_w"), ("current", "current_ma"))
_SAME: Final = ("start_time", "end_time", "start_date", "end_date", "min_duration", "max_duration")


def _amount(**values: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=14, decimal_places=4, min_value=Decimal(0), **values)


def _threshold() -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=10,
        decimal_places=3,
        min_value=Decimal(0),
        max_value=Decimal(2_000_000),
        required=False,
    )


def _seconds(**values: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=_MOST, required=False, **values)


class PriceComponentPart(serializers.Serializer[Any]):
    """`price` per kWh (ENERGY), per hour (TIME, PARKING_TIME) or per session (FLAT)."""

    type = serializers.ChoiceField(choices=PRICED)
    price = _amount()
    vat = serializers.DecimalField(
        max_digits=7,
        decimal_places=4,
        min_value=Decimal(0),
        max_value=Decimal(100),
        required=False,
        allow_null=True,
        help_text="Percent; without it no VAT applies, which is not 0 %.",
    )
    step_size = serializers.IntegerField(
        min_value=0, max_value=_MOST, default=0, help_text="Wh or seconds; 0: exact."
    )


class RestrictionsPart(serializers.Serializer[Any]):
    """All that are set must hold; lower bounds are inside, upper bounds outside. Local time."""

    start_time = serializers.TimeField(format="%H:%M", required=False)
    end_time = serializers.TimeField(format="%H:%M", required=False)
    start_date = serializers.DateField(required=False)
    end_date = serializers.DateField(required=False, help_text="The first day outside.")
    min_kwh, max_kwh = _threshold(), _threshold()
    min_power, max_power = _threshold(), _threshold()
    min_current, max_current = _threshold(), _threshold()
    min_duration, max_duration = _seconds(), _seconds()
    min_idle = _seconds(help_text="Ours: seconds since charging ended, a grace period.")
    day_of_week = serializers.ListField(
        child=serializers.ChoiceField(choices=WEEK), required=False, max_length=7
    )
    reservation = serializers.ChoiceField(
        choices=[one.value for one in Reservation], required=False
    )


class ElementPart(serializers.Serializer[Any]):
    price_components = PriceComponentPart(many=True, allow_empty=False)
    restrictions = RestrictionsPart(required=False, allow_null=True)


class BoundPart(serializers.Serializer[Any]):
    excl_vat = _amount(required=False, allow_null=True)
    incl_vat = _amount(required=False, allow_null=True)


class RulesPart(serializers.Serializer[Any]):
    """The first element, in order, that has a price of a kind and matches gives that price."""

    currency = serializers.ChoiceField(choices=sorted(EXPONENTS), default="IDR")
    tax_included = serializers.BooleanField(
        default=False, help_text="Whether prices are what the driver pays."
    )
    min_price = BoundPart(required=False, allow_null=True)
    max_price = BoundPart(required=False, allow_null=True)
    free_below_wh = serializers.IntegerField(
        min_value=0,
        max_value=_MOST,
        default=1,
        help_text="A session with less energy costs nothing: a failed start owes no fee.",
    )
    elements = ElementPart(many=True, allow_empty=False)


def rules_from(values: dict[str, Any]) -> Rules:
    """Of the validated values of `RulesPart`."""
    return Rules(
        elements=tuple(_element(element) for element in values["elements"]),
        currency=values["currency"],
        tax_included=values["tax_included"],
        min_price=_bound(values.get("min_price")),
        max_price=_bound(values.get("max_price")),
        free_below_wh=values["free_below_wh"],
    )


def rules_shown(rules: Rules) -> dict[str, Any]:
    """JSON-ready; what `RulesPart` reads again as the same rules."""
    return {
        "currency": rules.currency,
        "tax_included": rules.tax_included,
        "min_price": _bound_shown(rules.min_price),
        "max_price": _bound_shown(rules.max_price),
        "free_below_wh": rules.free_below_wh,
        "elements": [
            {
                "price_components": [_component_shown(part) for part in element.components],
                "restrictions": _restrictions_shown(element.restrictions),
            }
            for element in rules.elements
        ],
    }


def _element(values: dict[str, Any]) -> Element:
    return Element(
        tuple(_component(part) for part in values["price_components"]),
        _restrictions(values.get("restrictions") or {}),
    )


def _component(values: dict[str, Any]) -> Component:
    vat = values.get("vat")
    taxes = () if vat is None else (Tax(TaxCode.VAT, vat),)
    kind = Kind(values["type"])
    # OCPI asks for a step size everywhere; once per session there is nothing to step.
    step_size = 0 if kind is Kind.FLAT else values["step_size"]
    return Component(kind, values["price"], step_size, taxes)


def _restrictions(values: dict[str, Any]) -> Restrictions:
    found: dict[str, Any] = {
        f"{side}_{ours}": int(values[f"{side}_{theirs}"] * 1000)
        for theirs, ours in _RANGES
        for side in ("min", "max")
        if f"{side}_{theirs}" in values
    }
    for name in ("start_time", "end_time", "start_date", "end_date"):
        found[name] = values.get(name)
    for name in ("min_duration", "max_duration", "min_idle"):
        found[f"{name}_s"] = values.get(name)
    reservation = values.get("reservation")
    return Restrictions(
        days=frozenset(WEEK.index(day) + 1 for day in values.get("day_of_week", ())),
        reservation=Reservation(reservation) if reservation else None,
        **found,
    )


def _bound(values: dict[str, Any] | None) -> Bound | None:
    if values is None:
        return None
    bound = Bound(values.get("excl_vat"), values.get("incl_vat"))
    return None if bound == Bound() else bound


def _bound_shown(bound: Bound | None) -> dict[str, Any] | None:
    if bound is None:
        return None
    return {"excl_vat": _number(bound.excl), "incl_vat": _number(bound.incl)}


def _component_shown(part: Component) -> dict[str, Any]:
    return {
        "type": part.kind.value,
        "price": _number(part.price),
        "vat": _number(part.taxes[0].percent) if part.taxes else None,
        "step_size": part.step_size,
    }


def _restrictions_shown(rule: Restrictions) -> dict[str, Any]:
    found: dict[str, Any] = {
        "start_time": _clock(rule.start_time),
        "end_time": _clock(rule.end_time),
        "start_date": rule.start_date and rule.start_date.isoformat(),
        "end_date": rule.end_date and rule.end_date.isoformat(),
        "min_duration": rule.min_duration_s,
        "max_duration": rule.max_duration_s,
        "min_idle": rule.min_idle_s,
        "day_of_week": [WEEK[day - 1] for day in sorted(rule.days)] or None,
        "reservation": rule.reservation and rule.reservation.value,
    }
    for theirs, ours in _RANGES:
        for side in ("min", "max"):
            value = getattr(rule, f"{side}_{ours}")
            found[f"{side}_{theirs}"] = None if value is None else _number(Decimal(value) / 1000)
    return {name: value for name, value in found.items() if value is not None}


def _clock(at: time | None) -> str | None:
    return None if at is None else f"{at:%H:%M}"


def _number(value: Decimal | None) -> str | None:
    """`2466.78`, without the zeros of the column."""
    return None if value is None else f"{value.normalize():f}"
