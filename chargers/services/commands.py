"""Commands to chargers. The row is the queue; an event only says "look"."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chargers.events import CommandFinished, CommandQueued
from chargers.models import Charger, Command, CommandStatus
from chargers.states import COMMAND
from chargers.store import commands as store
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError
from unievp.lib.events import publish

MASKED: Final = "••••"


def queue_command(
    charger: Charger,
    *,
    action: str,
    payload: dict[str, Any],
    actor: User | str,
    deadline_s: int | None = None,
) -> Command:
    """Put a CALL into the charger's queue; it is never sent after `deadline_s` seconds.

    `actor` is a person, or the name of what asked by itself ("api key: Acme"). Raises ConflictError
    for a retired charger, InvalidError for no action.
    """
    if charger.is_retired:
        raise ConflictError(_("This charger is retired."), code="charger_retired")
    if not action:
        raise InvalidError(_("Name an action."), field="action")
    now = clock.now()
    user = actor if isinstance(actor, User) else None
    seconds = settings.COMMAND_DEADLINE_S if deadline_s is None else deadline_s
    with transaction.atomic():
        command = Command.objects.create(
            charger=charger,
            action=action,
            payload=payload,
            requested_by=user,
            requested_label=(user.get_username() if user else str(actor))[:150],
            created_at=now,
            deadline_at=now + timedelta(seconds=seconds),
        )
        # Not the payload: it may be a key. The command's own row has it until it is delivered.
        audit.record(
            actor=actor,
            action=f"command.{action}"[:64],
            subject=charger,
            after={"command": str(command.pk)},
            cpo=charger.cpo,
        )
        publish(CommandQueued(charger.pk))
    return command


def cancel_command(command: Command, *, actor: User | str) -> Command:
    """Take a command out of the queue. Raises ConflictError when it was sent already."""
    with transaction.atomic():
        locked = Command.objects.select_for_update().get(pk=command.pk)
        COMMAND.check(locked.status, CommandStatus.CANCELLED)
        locked.status = CommandStatus.CANCELLED
        locked.save(update_fields=["status"])
        audit.record(
            actor=actor,
            action="command.cancel",
            subject=locked.charger,
            after={"command": str(locked.pk)},
            cpo=locked.charger.cpo,
        )
        publish(CommandFinished(str(locked.pk)))
    return locked


def claim_next(charger_pk: int, connection_id: UUID | None = None) -> Command | None:
    """The oldest waiting command, now `sent` and yours alone; None when there is none.

    With `connection_id` only while that connection is the charger's newest.
    """
    return store.claim(charger_pk, connection_id, clock.now())


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
        values |= {"status": status, "payload": _without_keys(command)}
        Command.objects.filter(pk=command.pk).update(**values)
        publish(CommandFinished(str(command.pk)))
    return True


def _without_keys(command: Command) -> dict[str, Any]:
    """The payload to keep: a charger's new password is needed until it is delivered only."""
    payload: dict[str, Any] = command.payload
    key = payload.get("key")
    if isinstance(key, str) and key.casefold() == "authorizationkey" and "value" in payload:
        return {**payload, "value": MASKED}
    return payload
