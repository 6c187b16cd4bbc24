"""Locations of other operators (OCPI 2.2.1 §8.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ocpi.objects.foreign.owners import Named, read_name, read_objects
from ocpi.wire.reading import Reader

REMOVED: Final = "REMOVED"
_PLACES: Final = Decimal("0.0000001")
# Each change of one reads and writes them all.
_MOST_EVSES: Final = 2_000


@dataclass(frozen=True, slots=True)
class LocationFields:
    named: Named
    name: str
    address: str
    city: str
    country: str
    time_zone: str
    latitude: Decimal
    longitude: Decimal
    is_offered: bool
    last_updated: datetime


def read_location(reader: Reader) -> LocationFields:
    """Raises OcpiError 2001, naming the field, also one of an EVSE or connector.

    Values of enums that we do not know are kept: an operator may be newer than we are.
    """
    evses = read_objects(reader, "evses")
    if len(evses) > _MOST_EVSES:
        raise reader.fault("evses", f"at most {_MOST_EVSES} in a location, please")
    for evse in evses:
        read_evse(evse)
    place = reader.inner("coordinates")
    return LocationFields(
        named=read_name(reader),
        name=reader.optional_text("name", 255),
        address=reader.text("address", 255),
        city=reader.text("city", 45),
        country=reader.text("country", 3).upper(),
        time_zone=reader.text("time_zone", 255)[:64],
        latitude=_degrees(place, "latitude", 90),
        longitude=_degrees(place, "longitude", 180),
        is_offered=reader.boolean("publish") and any(e.raw["status"] != REMOVED for e in evses),
        last_updated=reader.moment("last_updated"),
    )


def read_evse(reader: Reader) -> str:
    """The uid, once everything that we rely on is there."""
    uid = reader.code("uid", 36)
    reader.text("status", 20)
    reader.moment("last_updated")
    connectors = read_objects(reader, "connectors")
    if not connectors:
        raise reader.fault("connectors", "one at least, please")
    for connector in connectors:
        read_connector(connector)
    return uid


def read_connector(reader: Reader) -> str:
    """The id. Raises OcpiError 2001 as `read_evse`."""
    for name in ("standard", "format", "power_type"):
        reader.text(name, 40)
    for name in ("max_voltage", "max_amperage"):
        reader.number(name)
    reader.moment("last_updated")
    return reader.code("id", 36)


def find_evse(body: dict[str, Any], uid: str) -> dict[str, Any] | None:
    return _find(body.get("evses"), "uid", uid)


def find_connector(evse: dict[str, Any], connector_id: str) -> dict[str, Any] | None:
    return _find(evse.get("connectors"), "id", connector_id)


def _find(values: Any, name: str, wanted: str) -> dict[str, Any] | None:
    found = (one for one in values or () if str(one.get(name, "")).upper() == wanted.upper())
    return next(found, None)


def _degrees(place: Reader, name: str, most: int) -> Decimal:
    """OCPI has text; some peers send numbers."""
    try:
        value = Decimal(str(place.raw.get(name)))
    except InvalidOperation:
        raise place.fault(name, "degrees such as -6.20876, please") from None
    if not value.is_finite() or abs(value) > most:
        raise place.fault(name, f"degrees between -{most} and {most}, please")
    return value.quantize(_PLACES)
