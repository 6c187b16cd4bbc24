"""Which connector a partner means."""

from __future__ import annotations

from django.db.models import QuerySet

from chargers.models import Connector, ConnectorStatus, SessionStatus
from ocpi.models import Partner, PublishedLocation
from ocpi.objects.evses import evse_uid
from ocpi.selectors.parties import cpo_parties_for
from ocpi.services.commands.answers import rejected
from ocpi.wire.codes import Code, OcpiError
from ocpi.wire.reading import Reader


def connector_of(partner: Partner, reader: Reader, *, free: bool) -> Connector:
    """The connector of `location_id`, `evse_uid` and `connector_id`; without an EVSE a free one.

    Raises OcpiError: 2003 for what is not there, else a rejection that says why.
    """
    location = _location(partner, reader.code("location_id", 36))
    outlets = Connector.objects.select_related("charger__presence", "charger__location").filter(
        charger__location_id=location.location_id, charger__retired_at__isnull=True
    )
    uid, number = reader.optional_code("evse_uid", 36), reader.optional_code("connector_id", 36)
    if number and not uid:
        raise reader.fault("evse_uid", "missing beside connector_id")
    if not uid:
        return _any_free(outlets)
    found = next((one for one in outlets if evse_uid(one) == uid), None)
    if found is None or (number and number != str(found.number)):
        raise OcpiError(
            Code.UNKNOWN_LOCATION, "Unknown EVSE", data=rejected("There is no such EVSE")
        )
    _check_reachable(found)
    if free and found.sessions.filter(status=SessionStatus.ACTIVE).exists():
        raise OcpiError(Code.SUCCESS, "", data=rejected("Somebody charges there"))
    return found


def _location(partner: Partner, location_id: str) -> PublishedLocation:
    digits = location_id[1:]
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0
    found = (
        PublishedLocation.objects.filter(
            party__in=cpo_parties_for(partner), location_id=number, is_published=True
        )
        .exclude(body="")
        .first()
    )
    if found is None or location_id[:1].upper() != "L":
        raise OcpiError(
            Code.UNKNOWN_LOCATION, "Unknown location", data=rejected("There is no such location")
        )
    return found


def _check_reachable(connector: Connector) -> None:
    presence = getattr(connector.charger, "presence", None)
    if presence is None or not presence.online:
        raise OcpiError(Code.SUCCESS, "", data=rejected("The charger is offline"))


def _any_free(outlets: QuerySet[Connector]) -> Connector:
    free = outlets.filter(
        status=ConnectorStatus.AVAILABLE, charger__presence__online=True, forced_status=""
    ).exclude(sessions__status=SessionStatus.ACTIVE)
    found = free.order_by("charger_id", "number").first()
    if found is None:
        raise OcpiError(Code.SUCCESS, "", data=rejected("No EVSE is free"))
    return found
