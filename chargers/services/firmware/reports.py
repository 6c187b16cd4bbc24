"""What a charger's notices mean to its update. They may be missing, late, twice, or unheard of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from chargers.models import OPEN_UPDATES, FirmwareUpdate, UpdateStatus
from chargers.services.firmware.ends import confirm, fail, move
from chargers.states import FIRMWARE_UPDATE
from chargers.store.work import FirmwareReport

_PHASES: Final[Mapping[str, UpdateStatus]] = MappingProxyType(
    {
        "DownloadScheduled": UpdateStatus.ACCEPTED,
        "Downloading": UpdateStatus.DOWNLOADING,
        "DownloadPaused": UpdateStatus.DOWNLOADING,
        "Downloaded": UpdateStatus.DOWNLOADED,
        "SignatureVerified": UpdateStatus.DOWNLOADED,
        "InstallScheduled": UpdateStatus.DOWNLOADED,
        "Installing": UpdateStatus.INSTALLING,
        "InstallRebooting": UpdateStatus.INSTALLING,
        "Installed": UpdateStatus.INSTALLED,
    }
)
# Whether another attempt could end otherwise.
_FAILURES: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "DownloadFailed": True,
        "InstallationFailed": True,
        "InstallVerificationFailed": False,
        "InvalidSignature": False,
        "InvalidCertificate": False,
        "RevokedCertificate": False,
    }
)


def apply_reports(reports: Iterable[tuple[int, datetime, FirmwareReport]]) -> None:
    """(charger pk, received at, report): each moves the update that its charger works on."""
    for charger_pk, at, report in sorted(reports, key=lambda item: item[0]):
        update = _update_of(charger_pk, report)
        if update is not None:
            _apply(update, report, at)


def _update_of(charger_pk: int, report: FirmwareReport) -> FirmwareUpdate | None:
    updates = (
        FirmwareUpdate.objects.select_for_update(of=("self",))
        .select_related("image", "charger", "campaign")
        .filter(charger_id=charger_pk, status__in=OPEN_UPDATES)
    )
    # Without a number there is at most one it can mean.
    if report.request_id is not None:
        updates = updates.filter(pk=report.request_id)
    return updates.first()


def _apply(update: FirmwareUpdate, report: FirmwareReport, at: datetime) -> None:
    update.reported = report.status[:64]
    update.reported_at = at
    if report.status in _FAILURES:
        why = f"The charger reported {report.status}."
        fail(update, at, why, again=_FAILURES[report.status])
        return
    phase = _PHASES.get(report.status)
    if phase is None or (
        update.status != phase and not FIRMWARE_UPDATE.allows(update.status, phase)
    ):
        # "Idle", a word of the vendor's own, or one that comes late: kept, and nothing more.
        update.save(update_fields=["reported", "reported_at"])
        return
    if phase == UpdateStatus.INSTALLED and update.image.runs_on(update.charger):
        confirm(update, at)
        return
    move(update, phase, at)
