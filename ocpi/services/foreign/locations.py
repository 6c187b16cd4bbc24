"""Places of other operators, pushed or pulled: whole, by EVSE, by connector (OCPI 2.2.1 §8.2.2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from ocpi.models import ForeignLocation, Partner
from ocpi.objects.foreign.locations import (
    find_connector,
    find_evse,
    read_connector,
    read_evse,
    read_location,
)
from ocpi.services.foreign.owners import check_operator, owned, stored
from ocpi.wire import json
from ocpi.wire.codes import invalid, not_found
from ocpi.wire.moments import read_moment
from ocpi.wire.reading import Reader
from unievp.lib import clock

Address = tuple[str, str, str]


def put_location(partner: Partner, body: Any, *, address: Address | None = None) -> bool:
    """Store it as it is; whether it is new. One older than what we have changes nothing.

    `address`: country code, party id and id that the request named. Raises OcpiError 2001.
    """
    reader = Reader(body)
    fields = read_location(reader)
    if address is not None:
        fields.named.check_address(*address)
    named = (fields.named.country_code, fields.named.party_id, fields.named.ocpi_id)
    check_operator(partner, *named[:2])
    with transaction.atomic():
        row = _locked(partner, named)
        if row is not None and row.last_updated > fields.last_updated:
            return False
        is_new = row is None
        row = row or ForeignLocation(
            partner=partner, country_code=named[0], party_id=named[1], ocpi_id=named[2]
        )
        _fill(row, reader)
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            # Pushed and pulled at the same moment: the other one is as good.
            return False
    return is_new


def put_part(
    partner: Partner, address: Address, *, body: Any, evse_uid: str, connector_id: str = ""
) -> bool:
    """One EVSE or one connector of it, whole; whether it is new. Raises OcpiError 2001 and 2003."""
    reader = Reader(body)
    name, wanted = ("id", connector_id) if connector_id else ("uid", evse_uid)
    told = read_connector(reader) if connector_id else read_evse(reader)
    if told.upper() != wanted.upper():
        raise invalid(f"{name}: {wanted} in the address, {told} in the body")
    moment = reader.moment("last_updated")

    def change(location: dict[str, Any]) -> bool | None:
        parts, known = _part(location, evse_uid, connector_id)
        if known is not None and _is_newer(known, moment):
            return None
        value = json.without_none(reader.raw)
        if known is None:
            parts.append(value)
        else:
            parts[parts.index(known)] = value
        return known is None

    return bool(_change(partner, address, evse_uid, moment, change))


def patch_location(
    partner: Partner, address: Address, *, body: Any, evse_uid: str = "", connector_id: str = ""
) -> None:
    """Only what is given changes; `last_updated` must be. Raises OcpiError 2001 and 2003."""
    reader = Reader(body)
    moment = reader.moment("last_updated")
    name, wanted = ("id", connector_id) if connector_id else ("uid", evse_uid)
    told = reader.raw.get(name)
    if wanted and told is not None and str(told).upper() != wanted.upper():
        raise invalid(f"{name}: {wanted} in the address, {told} in the body")

    def change(location: dict[str, Any]) -> bool | None:
        part: dict[str, Any] | None = location
        if evse_uid:
            _parts, part = _part(location, evse_uid, connector_id)
        if part is None:
            raise not_found("Unknown connector" if connector_id else "Unknown EVSE")
        if _is_newer(part, moment):
            return None
        part.update(reader.raw)
        return False

    _change(partner, address, evse_uid, moment, change)


def find_location(partner: Partner, address: Address) -> ForeignLocation:
    """Raises OcpiError: 404 and 2003."""
    row = ForeignLocation.objects.filter(**owned(partner, *address)).first()
    if row is None:
        raise not_found("Unknown location")
    return row


def find_part(row: ForeignLocation, evse_uid: str, connector_id: str = "") -> dict[str, Any]:
    """An EVSE of it, or one of its connectors. Raises OcpiError: 404 and 2003."""
    evse = find_evse(json.loads(row.body), evse_uid)
    if evse is None:
        raise not_found("Unknown EVSE")
    found = find_connector(evse, connector_id) if connector_id else evse
    if found is None:
        raise not_found("Unknown connector")
    return found


def withdraw_unlisted(partner: Partner, listed: set[int], *, began: datetime) -> int:
    """After a whole list: what is not in it is gone, but for what came while it was read. How
    many.
    """
    rows = ForeignLocation.objects.filter(
        partner=partner, removed_at__isnull=True, received_at__lt=began
    )
    return rows.exclude(pk__in=listed).update(removed_at=clock.now(), is_offered=False)


def _change(
    partner: Partner,
    address: Address,
    evse_uid: str,
    moment: datetime,
    change: Callable[[dict[str, Any]], bool | None],
) -> bool | None:
    """Change the stored location by `change` and store it, checked as a whole; None: it was older.

    What changed inside moves the times around it (OCPI 2.2.1 §8.3.1).
    """
    check_operator(partner, address[0], address[1])
    with transaction.atomic():
        row = _locked(partner, address)
        if row is None:
            raise not_found("Unknown location")
        body = json.loads(row.body)
        is_new = change(body)
        if is_new is None:
            return None
        evse = find_evse(body, evse_uid) if evse_uid else None
        for around in (evse, body):
            if around is not None and not _is_newer(around, moment):
                around["last_updated"] = moment
        # As text and back: times of ours and of theirs are told apart by nobody.
        reader = Reader(json.loads(json.dumps(body)))
        named = read_location(reader).named
        named.check_address(row.country_code, row.party_id, row.ocpi_id)
        _fill(row, reader)
        row.save()
    return is_new


def _part(
    location: dict[str, Any], evse_uid: str, connector_id: str
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The list that holds the EVSE or connector, and itself where it is known."""
    evse = find_evse(location, evse_uid)
    if not connector_id:
        return location.setdefault("evses", []), evse
    if evse is None:
        raise not_found("Unknown EVSE")
    return evse["connectors"], find_connector(evse, connector_id)


def _is_newer(known: dict[str, Any], moment: datetime) -> bool:
    told = known.get("last_updated")
    if isinstance(told, datetime):
        return told > moment
    return isinstance(told, str) and read_moment(told) > moment


def _locked(partner: Partner, address: Address) -> ForeignLocation | None:
    rows = ForeignLocation.objects.select_for_update(of=("self",))
    return rows.filter(**owned(partner, *address)).first()


def _fill(row: ForeignLocation, reader: Reader) -> None:
    fields = read_location(reader)
    for name in (
        "name",
        "address",
        "city",
        "country",
        "time_zone",
        "latitude",
        "longitude",
        "is_offered",
        "last_updated",
    ):
        setattr(row, name, getattr(fields, name))
    row.removed_at = None
    row.body = stored(reader)
    row.received_at = clock.now()
