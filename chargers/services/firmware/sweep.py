"""What was missed: boots that prove an update, answers nobody followed, phases without an end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Lower, Trim

from chargers.models import (
    OPEN_UPDATES,
    CampaignStatus,
    Command,
    CommandStatus,
    FirmwareCampaign,
    FirmwareUpdate,
    UpdateStatus,
)
from chargers.services.firmware.answers import follow_update
from chargers.services.firmware.asking import ask_charger
from chargers.services.firmware.ends import confirm, fail, skip
from chargers.services.firmware.waves import advance_campaign
from unievp.lib import clock

# How long a charger may say nothing in a phase, and what is said of it then.
PHASES: Final[Mapping[str, tuple[timedelta, str]]] = MappingProxyType(
    {
        UpdateStatus.ASKED: (timedelta(minutes=10), "No answer."),
        UpdateStatus.ACCEPTED: (timedelta(hours=3), "It accepted and did nothing more."),
        UpdateStatus.DOWNLOADING: (timedelta(hours=3), "The download did not end."),
        UpdateStatus.DOWNLOADED: (timedelta(hours=3), "It did not begin to install."),
        UpdateStatus.INSTALLING: (timedelta(hours=1), "The installation did not end."),
        UpdateStatus.INSTALLED: (
            timedelta(minutes=30),
            "It reported Installed, and still reports version {version}.",
        ),
    }
)
# A charger that we gave up may still come back with the new version.
_STILL_OF_INTEREST: Final = timedelta(days=7)
_PATIENCE_ALONE: Final = timedelta(hours=24)
_MOST: Final = 500


def sweep_updates() -> int:
    """One round; how many updates moved."""
    now = clock.now()
    moved = _confirm_by_boot(now) + _follow_missed() + _end_silent_phases(now)
    return moved + _go_on_alone(now)


def advance_campaigns() -> int:
    """Every running campaign one step; how many chargers were asked."""
    running = FirmwareCampaign.objects.filter(status=CampaignStatus.RUNNING).order_by("created_at")
    return sum(advance_campaign(pk) for pk in running.values_list("pk", flat=True))


def _confirm_by_boot(now: datetime) -> int:
    recently_failed = Q(status=UpdateStatus.FAILED, finished_at__gt=now - _STILL_OF_INTEREST)
    # Asked again later, it may be proven before its turn comes.
    waiting_again = Q(status=UpdateStatus.WAITING, attempts__gt=0)
    candidates = (
        FirmwareUpdate.objects.filter(
            Q(status__in=OPEN_UPDATES) | recently_failed | waiting_again,
            charger__booted_at__gt=F("asked_at"),
        )
        .annotate(
            runs=Lower(Trim("charger__firmware_version")), wanted=Lower(Trim("image__version"))
        )
        .filter(runs=F("wanted"))
    )
    confirmed = 0
    for pk in candidates.values_list("pk", flat=True)[:_MOST]:
        with transaction.atomic():
            update = _locked(pk)
            if update is not None and update.status not in (
                UpdateStatus.CONFIRMED,
                UpdateStatus.CANCELLED,
                UpdateStatus.SKIPPED,
            ):
                confirm(update, now)
                confirmed += 1
    return confirmed


def _follow_missed() -> int:
    ended = (
        CommandStatus.ANSWERED,
        CommandStatus.FAILED,
        CommandStatus.EXPIRED,
        CommandStatus.CANCELLED,
    )
    missed = Command.objects.filter(
        pk__in=FirmwareUpdate.objects.filter(
            status=UpdateStatus.ASKED, command__status__in=ended
        ).values("command_id")
    )
    count = 0
    for command in missed[:_MOST]:
        with transaction.atomic():
            follow_update(command)
            count += 1
    return count


def _end_silent_phases(now: datetime) -> int:
    ended = 0
    for status, (longest, words) in PHASES.items():
        late = FirmwareUpdate.objects.filter(status=status, phase_since__lt=now - longest)
        # A command that waits or is on its way has a deadline of its own.
        late = late.exclude(
            status=UpdateStatus.ASKED,
            command__status__in=(CommandStatus.QUEUED, CommandStatus.SENT),
        )
        for pk in late.values_list("pk", flat=True)[:_MOST]:
            with transaction.atomic():
                update = _locked(pk)
                if update is None or update.status != status:
                    continue
                version = update.charger.firmware_version or "-"
                fail(update, now, words.format(version=version))
                ended += 1
    return ended


def _go_on_alone(now: datetime) -> int:
    """Updates without a campaign: asked when their charger is there, left out after a day."""
    alone = FirmwareUpdate.objects.filter(campaign=None, status=UpdateStatus.WAITING)
    for pk in alone.filter(created_at__lt=now - _PATIENCE_ALONE).values_list("pk", flat=True):
        with transaction.atomic():
            update = _locked(pk)
            if update is not None and update.status == UpdateStatus.WAITING:
                skip(update, now, "Away or charging all the time.")
    due = alone.filter(due_at__lte=now, charger__presence__online=True)
    return sum(ask_charger(pk) for pk in list(due.values_list("pk", flat=True)[:_MOST]))


def _locked(pk: int) -> FirmwareUpdate | None:
    return (
        FirmwareUpdate.objects.select_for_update(of=("self",))
        .select_related("image", "charger", "campaign")
        .filter(pk=pk)
        .first()
    )
