"""How a run goes on by itself: chargers begun, one key after the other, ends counted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from chargers.models import (
    ChangeStatus,
    Command,
    CommandStatus,
    ConfigurationChange,
    ConfigurationRun,
    ConfigurationRunItem,
    Registration,
    RunItemStatus,
    RunStatus,
)
from chargers.services.commands import queue_command
from chargers.services.configuration.answers import NOT_ANSWERED
from chargers.states import CONFIGURATION_CHANGE, CONFIGURATION_RUN, RUN_ITEM
from unievp.lib import clock

ACTION: Final = "ChangeConfiguration"
_MOST_ATTEMPTS: Final = 3
_GOOD: Final = frozenset({"Accepted", "RebootRequired"})
_UNFINISHED: Final = (ChangeStatus.WAITING, ChangeStatus.SENT)


def advance_run(run_pk: UUID) -> int:
    """Begin with further chargers as the pace allows, and end the run; how many were begun."""
    now = clock.now()
    with transaction.atomic():
        run = (
            ConfigurationRun.objects.select_for_update(of=("self",))
            .filter(pk=run_pk, status=RunStatus.RUNNING)
            .first()
        )
        if run is None:
            return 0
        _give_up_the_absent(run, now)
        working = run.items.filter(status=RunItemStatus.WORKING)
        for pk in working.exclude(changes__status=ChangeStatus.SENT).values_list("pk", flat=True):
            # Paused in between, or its last answer was missed.
            _send_next(pk, now)
        begun = 0
        waiting = run.items.filter(
            status=RunItemStatus.WAITING,
            charger__presence__online=True,
            charger__registration=Registration.ACCEPTED,
            charger__retired_at__isnull=True,
        )
        # One that left in the middle of its keys goes on when it is back, and blocks nobody.
        free = run.parallel - working.filter(charger__presence__online=True).count()
        for pk in list(waiting.values_list("pk", flat=True)[: max(0, free)]):
            begun += _begin(pk, now)
        if not run.items.filter(status__in=(RunItemStatus.WAITING, RunItemStatus.WORKING)).exists():
            CONFIGURATION_RUN.check(run.status, RunStatus.FINISHED)
            run.status, run.finished_at = RunStatus.FINISHED, now
            run.save(update_fields=["status", "finished_at"])
    return begun


def follow_step(command: Command) -> None:
    """What the end of a ChangeConfiguration means to the run it belongs to, if to any."""
    change = (
        ConfigurationChange.objects.select_related("item")
        .filter(command=command, status__in=(ChangeStatus.SENT, ChangeStatus.FAILED))
        .first()
    )
    if change is None:
        return
    item = ConfigurationRunItem.objects.select_for_update(of=("self",)).get(pk=change.item_id)
    _take(change, command)
    now = clock.now()
    if item.status == RunItemStatus.WORKING:
        _send_next(item.pk, now)
    elif item.status != RunItemStatus.CANCELLED and item.finished_at is not None:
        _count(item)
        item.save(update_fields=["status"])


def _take(change: ConfigurationChange, command: Command) -> None:
    if command.status == CommandStatus.ANSWERED:
        change.answer = command.response_status or "{}"
        status = ChangeStatus.ANSWERED
    elif command.status == CommandStatus.FAILED and command.error.partition(":")[0].isalpha():
        # A CALLERROR is an answer, too.
        change.answer = command.error
        status = ChangeStatus.ANSWERED
    else:
        change.answer = command.error or NOT_ANSWERED.get(command.status, command.status)
        again = change.attempts < _MOST_ATTEMPTS and command.status != CommandStatus.CANCELLED
        status = ChangeStatus.WAITING if again else ChangeStatus.FAILED
    if change.status != status:
        CONFIGURATION_CHANGE.check(change.status, status)
        change.status = status
    change.answer = change.answer[:300]
    change.save()


def _begin(item_pk: int, now: datetime) -> bool:
    item = ConfigurationRunItem.objects.select_for_update(of=("self",)).get(pk=item_pk)
    # Another run may be busy with this charger: one after the other.
    others = ConfigurationRunItem.objects.filter(
        charger=item.charger_id, status=RunItemStatus.WORKING
    )
    if item.status != RunItemStatus.WAITING or others.exists():
        return False
    RUN_ITEM.check(item.status, RunItemStatus.WORKING)
    item.status, item.started_at = RunItemStatus.WORKING, now
    item.save(update_fields=["status", "started_at"])
    _send_next(item.pk, now)
    return True


def _send_next(item_pk: int, now: datetime) -> None:
    """The next key of a charger, or its end. One key at a time: each answer is of one key."""
    item = (
        ConfigurationRunItem.objects.select_for_update(of=("self",))
        .select_related("run", "charger__cpo", "charger__presence")
        .get(pk=item_pk)
    )
    unfinished = list(item.changes.filter(status__in=_UNFINISHED).order_by("pk"))
    if not unfinished:
        _finish(item, now)
        return
    if any(change.status == ChangeStatus.SENT for change in unfinished):
        return
    presence = getattr(item.charger, "presence", None)
    if item.run.status != RunStatus.RUNNING or presence is None or not presence.online:
        return
    change = unfinished[0]
    CONFIGURATION_CHANGE.check(change.status, ChangeStatus.SENT)
    change.status = ChangeStatus.SENT
    change.attempts += 1
    change.command = queue_command(
        item.charger,
        action=ACTION,
        payload={"key": change.key, "value": change.value},
        actor=f"configuration run: {item.run.name}",
    )
    change.save()


def _finish(item: ConfigurationRunItem, now: datetime) -> None:
    item.finished_at = now
    _count(item)
    item.save(update_fields=["status", "finished_at"])


def _count(item: ConfigurationRunItem) -> None:
    """Done, partly or failed, by what the charger said."""
    changes = list(item.changes.all())
    good = sum(
        change.status == ChangeStatus.ANSWERED and change.answer in _GOOD for change in changes
    )
    if good == len(changes):
        status = RunItemStatus.DONE
    else:
        status = RunItemStatus.PARTLY if good else RunItemStatus.FAILED
    if item.status != status:
        if item.finished_at is None:
            RUN_ITEM.check(item.status, status)
        item.status = status


def _give_up_the_absent(run: ConfigurationRun, now: datetime) -> None:
    if run.created_at + timedelta(hours=run.patience_h) > now:
        return
    absent = run.items.select_for_update().filter(
        status__in=(RunItemStatus.WAITING, RunItemStatus.WORKING)
    )
    for item in absent.exclude(changes__status=ChangeStatus.SENT).order_by("pk"):
        item.changes.filter(status=ChangeStatus.WAITING).update(
            status=ChangeStatus.FAILED, answer="The charger was away."
        )
        item.error = "The charger was away."
        item.finished_at = now
        _count(item)
        item.save()
