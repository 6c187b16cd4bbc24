"""Ask a charger for its diagnostics or security log, to be uploaded to us or elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import (
    OPEN_LOGS,
    Charger,
    ChargerLog,
    Command,
    CommandStatus,
    LogKind,
    LogStatus,
)
from chargers.models.firmware import LOCATION_SCHEMES
from chargers.services.commands import queue_command
from chargers.states import CHARGER_LOG
from cpo.models import User
from unievp.lib import clock
from unievp.lib.errors import InvalidError
from unievp.lib.secrets import keyed_digest, new_token

GET_DIAGNOSTICS: Final = "GetDiagnostics"
GET_LOG: Final = "GetLog"
_LOG_TYPES: Final = {LogKind.DIAGNOSTICS: "DiagnosticsLog", LogKind.SECURITY: "SecurityLog"}
_UNKNOWN_FORM: Final = ("NotImplemented", "NotSupported")
_TOKEN_BYTES: Final = 24
_RETRIES: Final = 2
_RETRY_INTERVAL_S: Final = 60
_LONGEST_LOCATION: Final = 400
_valid_location = URLValidator(schemes=LOCATION_SCHEMES)


def request_log(
    charger: Charger,
    *,
    actor: User | str,
    kind: LogKind = LogKind.DIAGNOSTICS,
    since: datetime | None = None,
    until: datetime | None = None,
    location: str = "",
) -> ChargerLog:
    """Ask for the log of a time, or all of it.

    Without `location` the charger uploads by HTTP PUT or POST to a one-time address of ours, valid
    for LOG_UPLOAD_HOURS; with one (http, https, ftp, ftps) we only follow what it reports. Raises
    InvalidError, and ConflictError for a retired charger.
    """
    _check(since, until, location)
    now = clock.now()
    user = actor if isinstance(actor, User) else None
    log = ChargerLog(
        charger=charger,
        kind=kind,
        since=since,
        until=until,
        location=location,
        expires_at=now + timedelta(hours=settings.LOG_UPLOAD_HOURS),
        requested_by=user,
        requested_label=(user.get_username() if user else str(actor))[:150],
        created_at=now,
    )
    with transaction.atomic():
        log.save(force_insert=True)
        # GetDiagnostics is understood by more chargers; GetLog takes over where it is refused.
        _send(log, GET_DIAGNOSTICS if kind == LogKind.DIAGNOSTICS else GET_LOG, actor)
    return log


def _check(since: datetime | None, until: datetime | None, location: str) -> None:
    if since is not None and until is not None and until <= since:
        raise InvalidError(_("The end must be after the beginning."), field="until")
    if not location:
        return
    if len(location) > _LONGEST_LOCATION:
        raise InvalidError(_("The address is too long."), field="location")
    try:
        _valid_location(location)
    except ValidationError:
        text = _("Enter an address that begins with http://, https://, ftp:// or ftps://.")
        raise InvalidError(text, field="location") from None


def _send(log: ChargerLog, action: str, actor: User | str) -> None:
    """Queue the command; an address of ours is made anew for it."""
    log.command = queue_command(
        log.charger, action=action, payload=_payload(log, action, _location(log)), actor=actor
    )
    log.save()


def _location(log: ChargerLog) -> str:
    if log.location:
        return log.location
    token = new_token(_TOKEN_BYTES)
    log.token_digest = keyed_digest(token.encode())
    return f"{settings.CHARGER_FILES_URL.rstrip('/')}/uploads/{token}"


def _payload(log: ChargerLog, action: str, location: str) -> dict[str, Any]:
    times = {"oldest": log.since, "latest": log.until}
    given = {name: clock.isoformat_z(at) for name, at in times.items() if at is not None}
    common = {"retries": _RETRIES, "retryInterval": _RETRY_INTERVAL_S}
    if action == GET_DIAGNOSTICS:
        payload: dict[str, Any] = {"location": location, **common}
        if "oldest" in given:
            payload["startTime"] = given["oldest"]
        if "latest" in given:
            payload["stopTime"] = given["latest"]
        return payload
    parameters = {"remoteLocation": location}
    parameters |= {f"{name}Timestamp": text for name, text in given.items()}
    return {
        "logType": _LOG_TYPES[LogKind(log.kind)],
        "requestId": log.request_id,
        "log": parameters,
        **common,
    }


def follow_log(command: Command) -> None:
    """Follower of GetDiagnostics and GetLog; harmless when called again."""
    log = (
        ChargerLog.objects.select_for_update(of=("self",))
        .select_related("charger__cpo")
        .filter(command=command, status=LogStatus.REQUESTED)
        .first()
    )
    if log is None:
        return
    if command.status == CommandStatus.ANSWERED:
        _answered(log, command)
    elif command.status == CommandStatus.FAILED:
        _refused(log, command)
    elif command.status in (CommandStatus.EXPIRED, CommandStatus.CANCELLED):
        fail(log, "Not sent: the charger was away.")
    # No answer in time: some chargers upload all the same. The sweep ends the wait.


def _answered(log: ChargerLog, command: Command) -> None:
    answer = command.response or {}
    name = answer.get("fileName", answer.get("filename"))
    log.promised_name = name[:255] if isinstance(name, str) else ""
    status = command.response_status
    log.reported = status or log.reported
    if status in ("", "Accepted", "AcceptedCanceled"):
        CHARGER_LOG.check(log.status, LogStatus.ACCEPTED)
        log.status = LogStatus.ACCEPTED
        log.save()
        if status == "AcceptedCanceled":
            _end_replaced(log)
        return
    fail(log, f"The charger answered {status}.")


def _end_replaced(log: ChargerLog) -> None:
    """The charger gave up what it was uploading for this request (white paper N01)."""
    others = ChargerLog.objects.select_for_update(of=("self",)).filter(
        charger=log.charger, command__action=GET_LOG, status__in=OPEN_LOGS
    )
    for other in others.exclude(pk=log.pk).order_by("created_at"):
        fail(other, "A newer request took its place.")


def _refused(log: ChargerLog, command: Command) -> None:
    code = command.error.partition(":")[0]
    if code in _UNKNOWN_FORM and command.action == GET_DIAGNOSTICS:
        _send(log, GET_LOG, log.requested_by or log.requested_label)
        return
    if code in _UNKNOWN_FORM and log.kind == LogKind.SECURITY:
        why = "It has no security log: it does not know the security extension"
        fail(log, f"{why} ({command.error}).")
        return
    fail(log, command.error)


def fail(log: ChargerLog, why: str) -> None:
    """The wait is over; a file that comes all the same, before `expires_at`, is still taken."""
    CHARGER_LOG.check(log.status, LogStatus.FAILED)
    log.status = LogStatus.FAILED
    log.error = str(why)[:300]
    log.save()
