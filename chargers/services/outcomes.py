"""How a command ends, and what follows from it in the same transaction.

A charger's answer may change more than its command: a password, a local list, a reservation. Such
a follower is one line in `FOLLOWERS`; it sees the ended command with the charger's answer. What it
breaks is logged and undone, never the answer itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from chargers.events import CommandFinished
from chargers.models import Command, CommandStatus
from chargers.ocpp.redaction import redact_json, redact_payload
from chargers.services.certificates import installed, signing
from chargers.services.configuration.changing import follow_change
from chargers.services.configuration.reading import follow_reading
from chargers.services.firmware.answers import follow_update
from chargers.services.local_lists.answers import follow_send, follow_version
from chargers.services.logs.asking import follow_log
from chargers.services.remote_starts.intents import follow_remote_start
from chargers.services.reservations.answers import follow_cancel, follow_reserve
from chargers.services.security.following import follow_security_key
from chargers.services.smart_charging import following
from chargers.states import COMMAND
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.events import publish

logger = logging.getLogger(__name__)


def _follow_change(command: Command) -> None:
    follow_security_key(command)
    follow_change(command)


# Called with the command in its final status, its payload still whole; may be called once more
# for one command: an answer that comes after `timed_out` makes it `answered`.
FOLLOWERS: Final[Mapping[str, Callable[[Command], None]]] = MappingProxyType(
    {
        "RemoteStartTransaction": follow_remote_start,
        "GetConfiguration": follow_reading,
        "ChangeConfiguration": _follow_change,
        "CertificateSigned": signing.follow_signed,
        "GetInstalledCertificateIds": installed.follow_installed_ids,
        "InstallCertificate": installed.follow_change,
        "DeleteCertificate": installed.follow_change,
        "UpdateFirmware": follow_update,
        "SignedUpdateFirmware": follow_update,
        "GetDiagnostics": follow_log,
        "GetLog": follow_log,
        "SendLocalList": follow_send,
        "GetLocalListVersion": follow_version,
        "ReserveNow": follow_reserve,
        "CancelReservation": follow_cancel,
        "SetChargingProfile": following.follow_set,
        "ClearChargingProfile": following.follow_clear,
    }
)


def follow(command: Command) -> None:
    """What the end of `command` means to the rest of the field."""
    follower = FOLLOWERS.get(command.action)
    if follower is None:
        return
    try:
        with transaction.atomic():
            follower(command)
    except Exception:
        logger.exception("What follows from command %s failed", command.pk)


def cancel_command(command: Command, *, actor: User | str) -> Command:
    """Take a command out of the queue. Raises ConflictError when it was sent already."""
    with transaction.atomic():
        locked = Command.objects.select_for_update().get(pk=command.pk)
        COMMAND.check(locked.status, CommandStatus.CANCELLED)
        locked.status = CommandStatus.CANCELLED
        follow(locked)
        locked.payload = redact_payload(locked.payload)
        locked.secret = ""
        locked.save(update_fields=["status", "payload", "secret"])
        audit.record(
            actor=actor,
            action="command.cancel",
            subject=locked.charger,
            after={"command": str(locked.pk)},
            cpo=locked.charger.cpo,
        )
        publish(CommandFinished(str(locked.pk)))
    return locked


def mark_answered(command_id: UUID, *, response: dict[str, Any]) -> bool:
    """The charger's answer, also a late one; False when the command had ended otherwise."""
    status = response.get("status")
    return _finish(
        Q(pk=command_id),
        CommandStatus.ANSWERED,
        response=response,
        response_status=status[:64] if isinstance(status, str) else "",
        answered_at=clock.now(),
        error="",
    )


def mark_failed(command_id: UUID, *, error: str) -> bool:
    """The charger answered CALLERROR, or it could not be asked."""
    return _finish(
        Q(pk=command_id), CommandStatus.FAILED, error=error[:300], answered_at=clock.now()
    )


def mark_timed_out(command_id: UUID) -> bool:
    return _finish(Q(pk=command_id), CommandStatus.TIMED_OUT)


def expire_commands() -> int:
    """End what waited past its deadline, and what a process took to its grave; how many."""
    now = clock.now()
    abandoned = now - timedelta(seconds=2 * settings.COMMAND_TIMEOUT_S)
    late = Q(status=CommandStatus.QUEUED, deadline_at__lte=now)
    lost = Q(status=CommandStatus.SENT, sent_at__lte=abandoned)
    ended = 0
    for pk in Command.objects.filter(late).values_list("pk", flat=True):
        ended += _finish(Q(pk=pk) & late, CommandStatus.EXPIRED)
    for pk in Command.objects.filter(lost).values_list("pk", flat=True):
        ended += _finish(Q(pk=pk) & lost, CommandStatus.TIMED_OUT)
    return ended


def _finish(which: Q, status: CommandStatus, **values: Any) -> bool:
    """A guarded update: only from a status that may become this one."""
    with transaction.atomic():
        rows = Command.objects.filter(which, status__in=COMMAND.sources(status))
        command = rows.select_for_update().first()
        if command is None:
            return False
        for name, value in values.items():
            setattr(command, name, value)
        command.status = status
        follow(command)
        # What was needed until it was delivered, and what the charger should not have said.
        command.payload = redact_payload(command.payload)
        command.secret = ""
        command.response = redact_json(command.response)
        command.save(update_fields=["status", "payload", "secret", *values])
        publish(CommandFinished(str(command.pk)))
    return True
