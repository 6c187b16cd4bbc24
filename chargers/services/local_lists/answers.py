"""What a charger's answers to SendLocalList and GetLocalListVersion mean, whoever asked."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_noop

from chargers.models import Command, CommandStatus, LocalList, LocalListState
from chargers.services.local_lists.contents import apply, per_message
from chargers.services.local_lists.sending import (
    give_up,
    locked,
    make_due,
    send_next,
    try_later,
)
from unievp.lib import clock

UNSUPPORTED: Final = gettext_noop("The charger does not support local lists")
FAILED: Final = gettext_noop("The charger could not store the list")
MISMATCH: Final = gettext_noop("The charger holds another version than we believed")
NOT_DELIVERED: Final = gettext_noop("It could not be sent in time")
NO_ANSWER: Final = gettext_noop("The charger did not answer")
ERROR: Final = gettext_noop("The charger answered with an error: %s")
NO_VERSION: Final = gettext_noop("The charger told no version")

_NO_SUCH_MESSAGE: Final = ("NotImplemented", "NotSupported")
_NO_LISTS: Final = -1


def follow_send(command: Command) -> None:
    """Accepted: the charger holds what was sent. A list that somebody sent by hand is replaced."""
    row = _row_of(command)
    if row is None:
        return
    accepted = command.status == CommandStatus.ANSWERED and command.response_status == "Accepted"
    if row.state == LocalListState.ASKED and row.command_id == command.pk:
        _take_answer(row, command)
    elif row.unsure_id == command.pk:
        if accepted:  # late
            apply(row, command.payload)
        if command.status in (CommandStatus.ANSWERED, CommandStatus.FAILED):
            row.unsure = None
            row.save()
    elif accepted and row.command_id != command.pk:
        row.whole = True
        _hurry(row)


def follow_version(command: Command) -> None:
    """-1: no lists at all; 0: it holds none; any other than ours: the whole list again (§5.10)."""
    row = _row_of(command)
    if row is None:
        row, _made = LocalList.objects.get_or_create(charger_id=command.charger_id)
    asked = row.state == LocalListState.ASKED and row.command_id == command.pk
    version = (command.response or {}).get("listVersion")
    if command.status == CommandStatus.ANSWERED and type(version) is int:
        _take_version(row, version, asked=asked)
    elif asked:
        _not_answered(row, command, NO_VERSION)


def _row_of(command: Command) -> LocalList | None:
    return locked(LocalList.objects.filter(charger=command.charger_id)).first()


def _take_answer(row: LocalList, command: Command) -> None:
    word = command.response_status
    if command.status != CommandStatus.ANSWERED:
        _not_answered(row, command, FAILED)
    elif word == "Accepted":
        apply(row, command.payload)
        row.attempts, row.error = 0, ""
        _go_on(row)
    elif word == "NotSupported":
        give_up(row, UNSUPPORTED)
    else:
        _refused(row, command, MISMATCH if word == "VersionMismatch" else FAILED)


def _refused(row: LocalList, command: Command, error: str) -> None:
    """After a refused difference the whole list is sent at once; that refused, too: later."""
    if command.payload.get("updateType") == "Differential":
        row.whole, row.error = True, error
        _go_on(row)
        return
    row.whole = True
    if error == MISMATCH:
        row.reported_at = None  # asked for before the list is sent again
    else:
        _send_less(row, command.payload)
    try_later(row, error)


def _not_answered(row: LocalList, command: Command, error: str) -> None:
    """An error, silence, or a request that never left."""
    if command.status == CommandStatus.FAILED:
        if command.error.partition(":")[0] in _NO_SUCH_MESSAGE:
            give_up(row, UNSUPPORTED)
            return
        if command.action == "SendLocalList":
            row.whole = True
            _send_less(row, command.payload)
        error = ERROR % (command.error or "-")
    elif command.status == CommandStatus.TIMED_OUT:
        # It may have been applied: its version will tell.
        row.unsure = command if command.action == "SendLocalList" else row.unsure
        error = NO_ANSWER
    elif command.status in (CommandStatus.EXPIRED, CommandStatus.CANCELLED):
        error = NOT_DELIVERED
    try_later(row, error)


def _send_less(row: LocalList, message: dict[str, Any]) -> None:
    sent = len(message.get("localAuthorizationList") or [])
    row.chunk = max(1, min(sent, per_message(row)) // 2)


def _take_version(row: LocalList, version: int, *, asked: bool) -> None:
    row.reported_version, row.reported_at = version, clock.now()
    if version <= _NO_LISTS:
        give_up(row, UNSUPPORTED)
        return
    if row.unsure is not None and row.unsure.payload.get("listVersion") == version:
        apply(row, row.unsure.payload)
    row.unsure = None
    if version != row.held_version:
        row.whole, row.held, row.held_version = True, {}, version
    if asked:
        _go_on(row)
    elif row.kept and (row.whole or row.state == LocalListState.UNSUPPORTED):
        _hurry(row)
    else:
        row.save()


def _go_on(row: LocalList) -> None:
    make_due(row, at=clock.now())
    send_next(row)


def _hurry(row: LocalList) -> None:
    """Due now, except while the charger is being asked: what follows from that looks again."""
    if row.kept and row.state != LocalListState.ASKED:
        make_due(row, at=clock.now())
    row.save()
