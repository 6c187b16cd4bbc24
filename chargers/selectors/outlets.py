"""The connector in front of a driver: which one it is, and whether a charge may begin there."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from django.db.models import Q
from django.db.models.functions import Lower

from chargers.models import (
    OPEN_REMOTE_STARTS,
    Charger,
    Connector,
    ConnectorStatus,
    Registration,
    RemoteStart,
    SessionStatus,
)
from unievp.lib import clock

_LONGEST_IDENTITY: Final = 48


class OutletState(StrEnum):
    """What a driver is told; only the first two let them pay."""

    READY = "ready"
    PLUGGED_IN = "plugged_in"
    STARTING = "starting"  # somebody was told to go ahead
    IN_USE = "in_use"
    UNPLUG_FIRST = "unplug_first"
    RESERVED = "reserved"
    OUT_OF_ORDER = "out_of_order"
    OUT_OF_SERVICE = "out_of_service"
    OFFLINE = "offline"


CAN_START: Final = frozenset({OutletState.READY, OutletState.PLUGGED_IN})

_S = ConnectorStatus
_BY_STATUS: Final[dict[str, OutletState]] = {
    # One that never said anything is asked all the same: it answers the start itself.
    _S.UNKNOWN: OutletState.READY,
    _S.AVAILABLE: OutletState.READY,
    _S.PREPARING: OutletState.PLUGGED_IN,
    _S.CHARGING: OutletState.IN_USE,
    _S.SUSPENDED_EV: OutletState.IN_USE,
    _S.SUSPENDED_EVSE: OutletState.IN_USE,
    _S.FINISHING: OutletState.UNPLUG_FIRST,
    _S.RESERVED: OutletState.RESERVED,
    _S.UNAVAILABLE: OutletState.OUT_OF_SERVICE,
    _S.FAULTED: OutletState.OUT_OF_ORDER,
}


def find_charger(identity: str) -> Charger | None:
    """By its id in any case, as at the chargers' door; None for unknown and retired ones."""
    if len(identity) > _LONGEST_IDENTITY or "\x00" in identity:
        return None
    known = Charger.objects.alias(folded=Lower("identity")).filter(folded=identity.lower())
    return known.filter(retired_at=None).select_related("cpo", "location", "presence").first()


def find_connector(identity: str, number: int) -> Connector | None:
    """With its charger, location, CPO and presence."""
    charger = find_charger(identity)
    if charger is None or not 0 < number < 2**15:
        return None
    connector = charger.connectors.filter(number=number).first()
    if connector is not None:
        connector.charger = charger
    return connector


def outlet_state(connector: Connector) -> OutletState:
    """What is in the way comes first: no line, then the whole charger, then this outlet."""
    charger = connector.charger
    presence = getattr(charger, "presence", None)
    if presence is None or not presence.online or charger.registration != Registration.ACCEPTED:
        return OutletState.OFFLINE
    if connector.status == _S.FAULTED or charger.status == _S.FAULTED:
        return OutletState.OUT_OF_ORDER
    # Connector 0 may have said nothing yet, or be behind: what counts is what was forced.
    if _S.UNAVAILABLE in (connector.forced_status, charger.forced_status):
        return OutletState.OUT_OF_SERVICE
    if connector.sessions.filter(status=SessionStatus.ACTIVE).exists():
        return OutletState.IN_USE
    state = _BY_STATUS[connector.status]
    return OutletState.STARTING if state in CAN_START and _is_starting(connector) else state


def _is_starting(connector: Connector) -> bool:
    wishes = RemoteStart.objects.filter(
        Q(connector_number=connector.number) | Q(connector_number=None),
        charger=connector.charger_id,
        status__in=OPEN_REMOTE_STARTS,
        expires_at__gt=clock.now(),
    )
    return wishes.exists()
