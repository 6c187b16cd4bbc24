"""Logs that never came, answers nobody followed, files that are too old to keep."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from chargers.models import OPEN_LOGS, ChargerLog, Command, CommandStatus, LogStatus
from chargers.services.logs.asking import fail, follow_log
from unievp.lib import clock

_MOST: Final = 500
_ENDED: Final = (
    CommandStatus.ANSWERED,
    CommandStatus.FAILED,
    CommandStatus.EXPIRED,
    CommandStatus.CANCELLED,
)


def sweep_logs() -> int:
    """One round; how many rows moved."""
    return _follow_missed() + _end_waiting() + remove_old_files()


def _follow_missed() -> int:
    open_logs = ChargerLog.objects.filter(status=LogStatus.REQUESTED, command__status__in=_ENDED)
    commands = Command.objects.filter(pk__in=open_logs.values("command_id"))[:_MOST]
    for command in commands:
        with transaction.atomic():
            follow_log(command)
    return len(commands)


def _end_waiting() -> int:
    over = ChargerLog.objects.filter(status__in=OPEN_LOGS, expires_at__lte=clock.now())
    count = 0
    for pk in over.values_list("pk", flat=True)[:_MOST]:
        with transaction.atomic():
            log = ChargerLog.objects.select_for_update(of=("self",)).get(pk=pk)
            if log.status in OPEN_LOGS:
                fail(log, _why_nothing_came(log))
                count += 1
    return count


def _why_nothing_came(log: ChargerLog) -> str:
    if log.reported == "Uploaded":
        return "The charger reported Uploaded, but no file came to us."
    if log.status == LogStatus.ACCEPTED and not log.promised_name:
        return "The charger promised no file, and none came: it may have nothing to send."
    return "No file came in time."


def remove_old_files() -> int:
    """Files older than LOG_RETENTION_DAYS go; their rows stay, with size and hash."""
    before = clock.now() - timedelta(days=settings.LOG_RETENTION_DAYS)
    old = ChargerLog.objects.filter(received_at__lt=before, removed_at__isnull=True)
    count = 0
    for log in old[:_MOST]:
        # The file first: a row without its mark is found again.
        log.file.storage.delete(str(log.file.name))
        ChargerLog.objects.filter(pk=log.pk).update(removed_at=clock.now(), file="")
        count += 1
    return count
