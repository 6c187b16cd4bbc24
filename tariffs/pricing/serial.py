"""A snapshot as JSON, as it is frozen into a session: numbers as text, only what is set.

`snapshot_from_json(to_json(snapshot)) == snapshot`. `format` is raised when a reader of today
could not price a snapshot of tomorrow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from tariffs.pricing.tariff import (
    RESTRICTION_NAMES,
    UNRESTRICTED,
    Bound,
    Component,
    Element,
    Kind,
    Reservation,
    Restrictions,
    Rules,
    Snapshot,
    Tax,
    TaxCode,
)

FORMAT = 1


class SnapshotError(ValueError):
    """The JSON is no snapshot that this program can price."""


def to_json(snapshot: Snapshot) -> dict[str, Any]:
    rules = snapshot.rules
    return {
        "format": FORMAT,
        "label": snapshot.label,
        "currency": rules.currency,
        "time_zone": snapshot.time_zone,
        "pbjt_percent": _text(snapshot.pbjt_percent),
        "tax_included": rules.tax_included,
        "min_price": _bound_json(rules.min_price),
        "max_price": _bound_json(rules.max_price),
        "free_below_wh": rules.free_below_wh,
        "elements": [_element_json(element) for element in rules.elements],
    }


def snapshot_from_json(data: Mapping[str, Any]) -> Snapshot:
    """Raises SnapshotError."""
    if data.get("format") != FORMAT:
        message = f"Snapshot of format {data.get('format')!r}, expected {FORMAT}"
        raise SnapshotError(message)
    try:
        return Snapshot(
            rules=Rules(
                elements=tuple(_element(item) for item in data["elements"]),
                currency=data["currency"],
                tax_included=data["tax_included"],
                min_price=_bound(data["min_price"]),
                max_price=_bound(data["max_price"]),
                free_below_wh=data["free_below_wh"],
            ),
            time_zone=data["time_zone"],
            pbjt_percent=Decimal(data["pbjt_percent"]),
            label=data["label"],
        )
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError) as error:
        message = f"Not a tariff snapshot: {error!r}"
        raise SnapshotError(message) from error


def _text(number: Decimal) -> str:
    return f"{number:f}"


def _bound_json(bound: Bound | None) -> dict[str, str | None] | None:
    if bound is None:
        return None
    return {
        "excl": None if bound.excl is None else _text(bound.excl),
        "incl": None if bound.incl is None else _text(bound.incl),
    }


def _bound(data: Mapping[str, str | None] | None) -> Bound | None:
    if data is None:
        return None
    excl, incl = data["excl"], data["incl"]
    return Bound(
        excl=None if excl is None else Decimal(excl), incl=None if incl is None else Decimal(incl)
    )


def _element_json(element: Element) -> dict[str, Any]:
    return {
        "components": [
            {
                "kind": part.kind.value,
                "price": _text(part.price),
                "step_size": part.step_size,
                "taxes": [{"code": t.code.value, "percent": _text(t.percent)} for t in part.taxes],
            }
            for part in element.components
        ],
        "restrictions": restrictions_json(element.restrictions),
    }


def _element(data: Mapping[str, Any]) -> Element:
    return Element(
        components=tuple(
            Component(
                kind=Kind(part["kind"]),
                price=Decimal(part["price"]),
                step_size=part["step_size"],
                taxes=tuple(Tax(TaxCode(t["code"]), Decimal(t["percent"])) for t in part["taxes"]),
            )
            for part in data["components"]
        ),
        restrictions=_restrictions(data["restrictions"]),
    )


def restrictions_json(rule: Restrictions) -> dict[str, Any]:
    """Only what is set; dates and times as ISO text, days as a sorted list."""
    found: dict[str, Any] = {}
    for name in RESTRICTION_NAMES:
        value = getattr(rule, name)
        if value is None or value == frozenset():
            continue
        if isinstance(value, frozenset):
            value = sorted(value)
        elif isinstance(value, date | time):
            value = value.isoformat()
        found[name] = value.value if isinstance(value, Reservation) else value
    return found


_READERS: dict[str, Callable[[Any], Any]] = {
    "start_time": time.fromisoformat,
    "end_time": time.fromisoformat,
    "start_date": date.fromisoformat,
    "end_date": date.fromisoformat,
    "days": frozenset,
    "reservation": Reservation,
}


def _restrictions(data: Mapping[str, Any]) -> Restrictions:
    if not data:
        return UNRESTRICTED
    return Restrictions(
        **{name: _READERS.get(name, lambda value: value)(value) for name, value in data.items()}
    )
