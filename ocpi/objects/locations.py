"""A site as an OCPI Location (§8.3.1), and the bubbling of `last_updated` (§8.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Final

from chargers.models import Connector, Location
from ocpi.models import ExceptionalHours, Party, PublishedLocation
from ocpi.objects.evses import REMOVED, connector_format, evse_id, evse_uid
from ocpi.wire.json import without_none
from unievp.lib.clock import isoformat_z

_ADDRESS: Final = 45
_CITY: Final = 45
_STATE: Final = 20
_END_OF_DAY: Final = "23:59"


def location_id(location: Location) -> str:
    return f"L{location.pk}"


def missing_fields(location: Location) -> list[str]:
    """What OCPI requires and the row has not."""
    wanted = {
        "address": location.address,
        "city": location.city,
        "country": len(location.country) == 3,
        "latitude": location.latitude is not None,
        "longitude": location.longitude is not None,
    }
    return [name for name, value in wanted.items() if not value]


def place(location: Location) -> dict[str, Any]:
    """What Location and CdrLocation have in common. A long address is cut as OCPI has no room."""
    state = location.province
    return without_none(
        {
            "id": location_id(location),
            "name": location.name,
            "address": _cut(location.address, _ADDRESS),
            "city": _cut(location.city, _CITY),
            "postal_code": location.postal_code or None,
            "state": state if 0 < len(state) <= _STATE else None,
            "country": location.country.upper(),
            "coordinates": {
                "latitude": _degrees(location.latitude),
                "longitude": _degrees(location.longitude),
            },
        }
    )


def cdr_place(connector: Connector, owner: tuple[str, str]) -> dict[str, Any]:
    """The CdrLocation of one connector, as it is now."""
    return {
        **place(connector.charger.location),
        "evse_uid": evse_uid(connector),
        "evse_id": evse_id(connector, owner),
        "connector_id": str(connector.number),
        "connector_standard": connector.standard,
        "connector_format": connector_format(connector),
        "connector_power_type": connector.power_type,
    }


def location_object(
    published: PublishedLocation, party: Party, evses: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Without `last_updated`. `published` with its hours and pictures at hand."""
    location = published.location
    address = location.address
    directions = [{"language": "id", "text": address}] if len(address) > _ADDRESS else None
    facilities = sorted(published.facilities)
    images = [
        {"url": one.url, "category": one.category, "type": one.kind}
        for one in published.images.all()
    ]
    return without_none(
        {
            "country_code": party.country_code,
            "party_id": party.party_id,
            "publish": published.is_published,
            **place(location),
            "parking_type": published.parking_type or None,
            "evses": list(evses),
            "directions": directions,
            "operator": without_none({"name": party.name, "website": party.website or None}),
            "facilities": facilities or None,
            "time_zone": location.time_zone,
            "opening_times": _opening_times(published),
            "charging_when_closed": published.charging_when_closed,
            "images": images or None,
        }
    )


def stamp(new: dict[str, Any], old: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`new` with every `last_updated`: the old one where nothing inside has changed, else `now`.

    A change of a connector moves its EVSE and its location, too. EVSEs that are no more stay as
    REMOVED: partners are told so, and nothing is ever deleted.
    """
    moment = isoformat_z(now)
    before = {one["uid"]: one for one in old.get("evses", ())}
    evses = [_stamp_evse(one, before.pop(one["uid"], {}), moment) for one in new["evses"]]
    for gone in before.values():
        kept = {name: value for name, value in gone.items() if name != "last_updated"}
        evses.append(_stamp_evse({**kept, "status": REMOVED}, gone, moment))
    return _stamp_one({**new, "evses": evses}, old, moment)


def _stamp_evse(new: Mapping[str, Any], old: Mapping[str, Any], moment: str) -> dict[str, Any]:
    before = {one["id"]: one for one in old.get("connectors", ())}
    connectors = [
        _stamp_one(
            {name: value for name, value in one.items() if name != "last_updated"},
            before.get(one["id"], {}),
            moment,
        )
        for one in new["connectors"]
    ]
    return _stamp_one({**new, "connectors": connectors}, old, moment)


def _stamp_one(new: Mapping[str, Any], old: Mapping[str, Any], moment: str) -> dict[str, Any]:
    stamped = {**new, "last_updated": old.get("last_updated", moment)}
    return stamped if stamped == dict(old) else {**new, "last_updated": moment}


def _opening_times(published: PublishedLocation) -> dict[str, Any]:
    regular = [
        {
            "weekday": one.weekday,
            "period_begin": f"{one.opens_at:%H:%M}",
            "period_end": _END_OF_DAY if one.closes_at == time(0) else f"{one.closes_at:%H:%M}",
        }
        for one in published.opening_hours.all()
    ]
    exceptional = list(published.exceptional_hours.all())
    openings = [_exception(one) for one in exceptional if one.is_open]
    closings = [_exception(one) for one in exceptional if not one.is_open]
    return without_none(
        {
            "twentyfourseven": not regular,
            "regular_hours": regular or None,
            "exceptional_openings": openings or None,
            "exceptional_closings": closings or None,
        }
    )


def _exception(one: ExceptionalHours) -> dict[str, str]:
    return {"period_begin": isoformat_z(one.begins_at), "period_end": isoformat_z(one.ends_at)}


def _degrees(value: Decimal | None) -> str:
    """At least five digits behind the point, at most seven, as text."""
    text = f"{value or Decimal():.7f}"
    whole, _point, digits = text.partition(".")
    return f"{whole}.{digits[:5]}{digits[5:].rstrip('0')}"


def _cut(text: str, most: int) -> str:
    """At the end of a word where there is one."""
    if len(text) <= most:
        return text
    head, space, _rest = text[: most + 1].rpartition(" ")
    return head.rstrip(",") if space else text[:most]
