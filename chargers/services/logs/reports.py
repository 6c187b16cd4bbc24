"""What a charger's notices mean to the log it was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from chargers.models import OPEN_LOGS, ChargerLog, LogKind, LogStatus
from chargers.services.logs.asking import GET_DIAGNOSTICS, fail
from chargers.states import CHARGER_LOG
from chargers.store.work import LogReport

_FAILURES: Final = frozenset(
    {"UploadFailed", "UploadFailure", "BadMessage", "NotSupportedOperation", "PermissionDenied"}
)
_OF_THE_WAY: Final = frozenset({"UploadFailed", "UploadFailure", "NotSupportedOperation"})


def apply_reports(reports: Iterable[tuple[int, datetime, LogReport]]) -> None:
    """(charger pk, received at, report)."""
    for charger_pk, at, report in sorted(reports, key=lambda item: item[0]):
        log = _log_of(charger_pk, report)
        if log is not None:
            _apply(log, report, at)


def _log_of(charger_pk: int, report: LogReport) -> ChargerLog | None:
    logs = ChargerLog.objects.select_for_update(of=("self",)).filter(charger_id=charger_pk)
    if report.request_id is not None:
        return logs.filter(request_id=report.request_id).first()
    logs = logs.filter(status__in=OPEN_LOGS).order_by("-created_at")
    if report.diagnostics:
        return logs.filter(kind=LogKind.DIAGNOSTICS).first()
    # Of the two commands only GetLog is followed by this notice.
    return logs.exclude(command__action=GET_DIAGNOSTICS).first()


def _apply(log: ChargerLog, report: LogReport, at: datetime) -> None:
    log.reported, log.reported_at = report.status[:64], at
    if log.status not in OPEN_LOGS:
        log.save(update_fields=["reported", "reported_at"])
    elif report.status in _FAILURES:
        fail(log, _why(log, report.status))
    elif report.status == "Uploaded" and log.location:
        # Elsewhere: the charger's word is all there is.
        _move(log, LogStatus.UPLOADED)
    elif report.status in ("Uploading", "Uploaded"):
        _move(log, LogStatus.UPLOADING)
    else:
        log.save(update_fields=["reported", "reported_at"])


def _move(log: ChargerLog, status: LogStatus) -> None:
    if log.status != status:
        CHARGER_LOG.check(log.status, status)
        log.status = status
    log.save()


def _why(log: ChargerLog, status: str) -> str:
    text = f"The charger reported {status}."
    if not log.location and status in _OF_THE_WAY:
        hint = "Chargers that speak only FTP cannot upload to us: ask again with an ftp address."
        return f"{text} {hint}"
    return text
