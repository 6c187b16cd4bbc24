"""What a charger's answer about AuthorizationKey or SecurityProfile changes here."""

from __future__ import annotations

from typing import Final

from chargers.models import Charger, Command, CommandStatus, PasswordRotation, RotationStatus
from chargers.services.registration.adopted import secured
from chargers.services.security.rotations import OPEN, settle
from chargers.states import PASSWORD_ROTATION
from chargers.store.commands import CONNECTION_LOST

_TAKEN: Final = frozenset({"Accepted", "RebootRequired"})


def follow_security_key(command: Command) -> None:
    """Follower of ChangeConfiguration; other keys are not its business."""
    key = command.payload.get("key")
    match key.casefold() if isinstance(key, str) else "":
        case "authorizationkey":
            _follow_password(command)
        case "securityprofile":
            _follow_profile(command)


def _follow_password(command: Command) -> None:
    charger = Charger.objects.select_for_update(of=("self",)).get(pk=command.charger_id)
    rotation = (
        PasswordRotation.objects.select_for_update()
        .filter(command=command, status__in=OPEN)
        .first()
    )
    if rotation is None:
        return
    status = _rotation_status(command)
    if status != RotationStatus.UNSURE:
        settle(rotation, charger, status)
    elif PASSWORD_ROTATION.allows(rotation.status, status):
        rotation.status = status
        rotation.save(update_fields=["status"])
    if status == RotationStatus.DONE:
        secured(charger)


def _rotation_status(command: Command) -> RotationStatus:
    """RebootRequired: until it restarts, the charger may come back with the old password."""
    if _is_lost(command):
        return RotationStatus.UNSURE
    match command.status:
        case CommandStatus.ANSWERED if command.response_status == "Accepted":
            return RotationStatus.DONE
        case CommandStatus.ANSWERED if command.response_status == "RebootRequired":
            return RotationStatus.UNSURE
        case CommandStatus.ANSWERED | CommandStatus.FAILED:
            return RotationStatus.REFUSED
        case _:
            return RotationStatus.UNSENT


def _follow_profile(command: Command) -> None:
    """Taken: the new profile may come; refused or never sent: it may not."""
    value = command.payload.get("value")
    if not isinstance(value, str) or value not in {"1", "2", "3"}:
        return
    charger = Charger.objects.select_for_update().get(pk=command.charger_id)
    profile = int(value)
    answered = command.status == CommandStatus.ANSWERED
    if _is_lost(command):
        return
    if answered and command.response_status in _TAKEN:
        if profile > charger.security_profile:
            charger.pending_security_profile = profile
    elif charger.pending_security_profile == profile:
        charger.pending_security_profile = None
    charger.save(update_fields=["pending_security_profile", "updated_at"])


def _is_lost(command: Command) -> bool:
    """Sent, and no answer: it may have been done."""
    cut = command.status == CommandStatus.FAILED and command.error == CONNECTION_LOST
    return cut or command.status == CommandStatus.TIMED_OUT
