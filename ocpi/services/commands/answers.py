"""What a command is answered with at once, and what a charger's answer means to a partner."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from django.conf import settings

from chargers.models import Command, CommandStatus
from ocpi.models import PROFILE_KINDS, CommandType

ACCEPTED: Final = "ACCEPTED"
REJECTED: Final = "REJECTED"
UNKNOWN: Final = "UNKNOWN"
# OCPP's answer → CommandResultType (OCPI 2.2.1 §13.4.3); what is not listed is REJECTED.
_ANSWERS: Final = MappingProxyType(
    {
        CommandType.START_SESSION: {"Accepted": ACCEPTED},
        CommandType.STOP_SESSION: {"Accepted": ACCEPTED},
        CommandType.RESERVE_NOW: {
            "Accepted": ACCEPTED,
            "Faulted": "EVSE_INOPERATIVE",
            "Unavailable": "EVSE_INOPERATIVE",
            "Occupied": "EVSE_OCCUPIED",
        },
        CommandType.CANCEL_RESERVATION: {
            "Accepted": ACCEPTED,
            "Rejected": "UNKNOWN_RESERVATION",
        },
        CommandType.UNLOCK_CONNECTOR: {
            "Unlocked": ACCEPTED,
            "UnlockFailed": "FAILED",
            "NotSupported": "NOT_SUPPORTED",
        },
    }
)
_ENDS: Final = MappingProxyType(
    {
        CommandStatus.TIMED_OUT: "TIMEOUT",
        CommandStatus.EXPIRED: "TIMEOUT",
        CommandStatus.CANCELLED: "FAILED",
    }
)


def accepted() -> dict[str, Any]:
    return {"result": ACCEPTED, "timeout": settings.OCPI_COMMAND_TIMEOUT_S}


def rejected(why: str, result: str = "REJECTED") -> dict[str, Any]:
    """A CommandResponse after which nothing comes."""
    return {"result": result, "timeout": 0, "message": [{"language": "en", "text": why[:512]}]}


def result_of(kind: str, command: Command) -> str:
    """The CommandResultType or ChargingProfileResultType of an ended command; "" while open."""
    if kind in PROFILE_KINDS:
        return _profile_result(command)
    if command.status == CommandStatus.ANSWERED:
        return _ANSWERS[CommandType(kind)].get(command.response_status, "REJECTED")
    if command.status == CommandStatus.FAILED:
        unknown = command.error.startswith(("NotSupported", "NotImplemented"))
        return "NOT_SUPPORTED" if unknown else "FAILED"
    if command.status == CommandStatus.CANCELLED and kind == CommandType.CANCEL_RESERVATION:
        # It was taken out of the queue: the charger never knew of the reservation.
        return ACCEPTED
    return _ENDS.get(CommandStatus(command.status), "")


def _profile_result(command: Command) -> str:
    """§14.4: a profile has no result but yes, no, and that there was none."""
    if command.status == CommandStatus.ANSWERED:
        known = {"Accepted": ACCEPTED, "Unknown": UNKNOWN}
        return known.get(command.response_status, REJECTED)
    return "" if command.status in (CommandStatus.QUEUED, CommandStatus.SENT) else REJECTED
