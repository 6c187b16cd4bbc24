"""Which chargers' configuration is to be read now, and runs that go on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from chargers.models import (
    ChangeStatus,
    Charger,
    Command,
    CommandStatus,
    ConfigurationChange,
    ConfigurationReading,
    ConfigurationRun,
    ReadingState,
    Registration,
    RunStatus,
)
from chargers.services.configuration.reading import ask, follow_reading, request_reading
from chargers.services.configuration.steps import advance_run, follow_step
from unievp.lib import clock

# Per round: an operator's own commands wait behind these only one at a time per charger, but a
# whole fleet that comes back should not be asked in the same second.
_MOST_READINGS: Final = 50
_ENDED: Final = (
    CommandStatus.ANSWERED,
    CommandStatus.FAILED,
    CommandStatus.TIMED_OUT,
    CommandStatus.EXPIRED,
    CommandStatus.CANCELLED,
)


def sweep_readings() -> int:
    """One round; how many requests went out."""
    now = clock.now()
    for charger in _unread(now)[:_MOST_READINGS]:
        request_reading(charger)
    _follow_missed()
    now = clock.now()
    due = ConfigurationReading.objects.filter(
        state=ReadingState.DUE,
        due_at__lte=now,
        charger__presence__online=True,
        charger__registration=Registration.ACCEPTED,
    ).order_by("due_at")
    return sum(ask(pk) for pk in list(due.values_list("pk", flat=True)[:_MOST_READINGS]))


def advance_runs() -> int:
    """Every running run one step; how many chargers were begun."""
    missed = Command.objects.filter(
        pk__in=ConfigurationChange.objects.filter(
            status=ChangeStatus.SENT, command__status__in=_ENDED
        ).values("command_id")
    )
    for command in missed[:500]:
        with transaction.atomic():
            follow_step(command)
    running = ConfigurationRun.objects.filter(status=RunStatus.RUNNING).order_by("created_at")
    return sum(advance_run(pk) for pk in running.values_list("pk", flat=True))


def _unread(now: datetime) -> list[Charger]:
    """Never read; other firmware than when it was read; restarted for a value to take effect."""
    settled = now - timedelta(seconds=settings.CONFIGURATION_SETTLE_S)
    restart_was_needed = Command.objects.filter(
        charger=OuterRef("pk"),
        action="ChangeConfiguration",
        response_status="RebootRequired",
        answered_at__gt=OuterRef("configuration_reading__read_at"),
        answered_at__lt=OuterRef("booted_at"),
    )
    at_rest = Q(configuration_reading__state__in=(ReadingState.READ, ReadingState.FAILED))
    other_firmware = ~Q(configuration_reading__firmware_version=F("firmware_version"))
    # Single keys were read back, but never all of them.
    never_whole = Q(
        configuration_reading__started_at__isnull=True, configuration_reading__firmware_version=""
    )
    return list(
        Charger.objects.filter(
            Q(configuration_reading__isnull=True)
            | (at_rest & (other_firmware | never_whole | Exists(restart_was_needed))),
            retired_at__isnull=True,
            registration=Registration.ACCEPTED,
            booted_at__lt=settled,
            presence__online=True,
            presence__connected_at__lt=settled,
        ).order_by("pk")[:_MOST_READINGS]
    )


def _follow_missed() -> None:
    readings = ConfigurationReading.objects.filter(
        state=ReadingState.ASKED, command__status__in=_ENDED
    )
    for command in Command.objects.filter(pk__in=readings.values("command_id"))[:500]:
        with transaction.atomic():
            follow_reading(command)
