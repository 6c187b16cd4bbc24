"""How a charger's update goes on after a failure, or ends. Inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from chargers.models import FirmwareUpdate, UpdateStatus
from chargers.states import FIRMWARE_UPDATE

RETRY_AFTER: Final = timedelta(minutes=10)
_ATTEMPTS_ALONE: Final = 2


def move(update: FirmwareUpdate, status: UpdateStatus, now: datetime) -> None:
    """Into another phase of the way; staying in it starts its clock again."""
    if update.status != status:
        FIRMWARE_UPDATE.check(update.status, status)
        update.status = status
    update.phase_since = now
    update.save()


def confirm(update: FirmwareUpdate, now: datetime) -> None:
    _end(update, UpdateStatus.CONFIRMED, now, "")


def skip(update: FirmwareUpdate, now: datetime, why: str) -> None:
    _end(update, UpdateStatus.SKIPPED, now, why)


def cancel(update: FirmwareUpdate, now: datetime) -> None:
    _end(update, UpdateStatus.CANCELLED, now, "")


def fail(update: FirmwareUpdate, now: datetime, why: str, *, again: bool = True) -> None:
    """Try again later where attempts are left and trying could help, else failed for good."""
    attempts = update.campaign.attempts if update.campaign else _ATTEMPTS_ALONE
    if not again or update.attempts >= attempts:
        _end(update, UpdateStatus.FAILED, now, why)
        return
    wait(update, now + RETRY_AFTER, why)


def wait(update: FirmwareUpdate, due_at: datetime, why: str) -> None:
    """Back into the queue."""
    FIRMWARE_UPDATE.check(update.status, UpdateStatus.WAITING)
    update.status = UpdateStatus.WAITING
    update.due_at = due_at
    update.token_digest = None
    update.error = why[:300]
    update.save()


def _end(update: FirmwareUpdate, status: UpdateStatus, now: datetime, why: str) -> None:
    FIRMWARE_UPDATE.check(update.status, status)
    update.status = status
    update.error = why[:300]
    update.finished_at = update.phase_since = now
    # The download address is void from here on.
    update.token_digest = None
    update.save()
