"""The JSON form of a snapshot, as it is frozen into a session. Decimals are strings."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

from tariffs.pricing.tariff import Component, Element, Kind, Reservation, Snapshot

FORMAT = 1

_PRICES = ("min_price_excl", "min_price_incl", "max_price_excl", "max_price_incl")
_NUMBERS = (
    "min_energy_wh",
    "max_energy_wh",
    "min_power_w",
    "max_power_w",
    "min_current_ma",
    "max_current_ma",
    "min_duration_s",
    "max_duration_s",
    "min_idle_s",
)


def snapshot_to_json(snapshot: Snapshot) -> dict[str, Any]:
    """Restrictions that are not set are left out; `snapshot_from_json` gives back an equal one."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "currency": snapshot.currency,
        "time_zone": snapshot.time_zone,
        "tax_included": snapshot.tax_included,
        "free_below_wh": snapshot.free_below_wh,
        "name": snapshot.name,
        "version_id": snapshot.version_id,
        "elements": [_element_to_json(element) for element in snapshot.elements],
    }
    for name in _PRICES:
        value = getattr(snapshot, name)
        if value is not None:
            document[name] = str(value)
    return document


def snapshot_from_json(document: dict[str, Any]) -> Snapshot:
    """Raises ValueError for a format this version does not know, KeyError for a missing field."""
    if document.get("format") != FORMAT:
        message = f"a tariff snapshot of format {document.get('format')!r} is not known"
        raise ValueError(message)
    return Snapshot(
        currency=document["currency"],
        time_zone=document["time_zone"],
        tax_included=document["tax_included"],
        free_below_wh=document["free_below_wh"],
        name=document["name"],
        version_id=document["version_id"],
        elements=tuple(_element_from_json(element) for element in document["elements"]),
        **{name: Decimal(document[name]) for name in _PRICES if name in document},
    )


def _element_to_json(element: Element) -> dict[str, Any]:
    document: dict[str, Any] = {
        "components": [
            {
                "kind": part.kind.value,
                "price": str(part.price),
                "vat_percent": None if part.vat_percent is None else str(part.vat_percent),
                "step_size": part.step_size,
            }
            for part in element.components
        ]
    }
    for name in ("start_time", "end_time", "start_date", "end_date"):
        value = getattr(element, name)
        if value is not None:
            document[name] = value.isoformat()
    for name in _NUMBERS:
        value = getattr(element, name)
        if value is not None:
            document[name] = value
    if element.days_of_week:
        document["days_of_week"] = list(element.days_of_week)
    if element.reservation is not None:
        document["reservation"] = element.reservation.value
    return document


def _element_from_json(document: dict[str, Any]) -> Element:
    values: dict[str, Any] = {name: document[name] for name in _NUMBERS if name in document}
    for name, parse in (
        ("start_time", time.fromisoformat),
        ("end_time", time.fromisoformat),
        ("start_date", date.fromisoformat),
        ("end_date", date.fromisoformat),
        ("days_of_week", tuple),
        ("reservation", Reservation),
    ):
        if name in document:
            values[name] = parse(document[name])
    components = tuple(
        Component(
            kind=Kind(part["kind"]),
            price=Decimal(part["price"]),
            vat_percent=None if part["vat_percent"] is None else Decimal(part["vat_percent"]),
            step_size=part["step_size"],
        )
        for part in document["components"]
    )
    return Element(components=components, **values)
