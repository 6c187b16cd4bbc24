"""Lists that are behind, whatever was missed: tokens that changed, restarts, lost answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from chargers.models import Command, CommandStatus, LocalList, LocalListState, Registration
from chargers.services.local_lists.answers import follow_send, follow_version
from chargers.services.local_lists.sending import ASK, advance, locked, make_due
from unievp.lib import clock

# A whole fleet is not asked in the same second.
_MOST_PER_ROUND: Final = 100
_COMPARED_EVERY: Final = timedelta(hours=1)
_OPEN_COMMANDS: Final = (CommandStatus.QUEUED, CommandStatus.SENT)


def sweep_lists() -> int:
    """One round; how many requests went out."""
    _follow_missed()
    _look_again()
    return _advance(LocalList.objects.all())


def sync_lists(cpo_id: UUID) -> int:
    """The CPO's tokens changed: compare its chargers' lists now; how many requests went out."""
    mine = LocalList.objects.filter(charger__cpo=cpo_id)
    mine.filter(state=LocalListState.CURRENT).update(state=LocalListState.DUE, due_at=clock.now())
    return _advance(mine)


def _advance(rows: QuerySet[LocalList]) -> int:
    due = rows.filter(
        state=LocalListState.DUE,
        due_at__lte=clock.now(),
        charger__presence__online=True,
        charger__registration=Registration.ACCEPTED,
        charger__retired_at__isnull=True,
    ).order_by("due_at")
    return sum(advance(pk) for pk in list(due.values_list("pk", flat=True)[:_MOST_PER_ROUND]))


def _look_again() -> None:
    """Compared long ago; or the charger restarted since it told its version: does it hold it?"""
    now = clock.now()
    restarted = Q(
        kept=True,
        state__in=(LocalListState.CURRENT, LocalListState.UNSUPPORTED),
        charger__booted_at__gt=F("reported_at"),
    )
    old = Q(state=LocalListState.CURRENT, compared_at__lt=now - _COMPARED_EVERY)
    found = LocalList.objects.filter(restarted | old).values_list("pk", flat=True)
    for pk in list(found[:_MOST_PER_ROUND]):
        with transaction.atomic():
            row = locked(LocalList.objects.filter(restarted | old, pk=pk)).first()
            if row is not None:
                booted = row.charger.booted_at
                if booted and row.reported_at and booted > row.reported_at:
                    row.reported_at = None
                make_due(row, at=now)
                row.save()


def _follow_missed() -> None:
    """Rows whose request ended while what follows from it failed, or was deleted."""
    waiting = LocalList.objects.filter(state=LocalListState.ASKED).exclude(
        command__status__in=_OPEN_COMMANDS
    )
    for pk in list(waiting.values_list("pk", flat=True)[:_MOST_PER_ROUND]):
        with transaction.atomic():
            command = _ended_command(pk)
            if command is not None:
                (follow_version if command.action == ASK else follow_send)(command)


def _ended_command(pk: int) -> Command | None:
    row = locked(LocalList.objects.filter(pk=pk, state=LocalListState.ASKED)).first()
    if row is None:
        return None
    if row.command is None:  # forgotten with the history of commands
        row.whole, row.reported_at = True, None
        make_due(row, at=clock.now())
        row.save()
        return None
    return None if row.command.status in _OPEN_COMMANDS else row.command
