"""Chargers come, go and fail; commands end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from chargers.api.commands import shown
from chargers.models import (
    Charger,
    Command,
    CommandStatus,
    ConnectorStatus,
    ConnectorStatusChange,
    PresenceChange,
)
from cpo.services.webhooks.outbox import Listeners, News
from unievp.lib import clock
from unievp.web.webhooks.source import Log, Source

_FAULTED: Final = ConnectorStatus.FAULTED.value
_CHANGES: Final = Log(PresenceChange, "charger__cpo")
_REPORTS: Final = Log(ConnectorStatusChange, "charger__cpo", {"status": _FAULTED})
_OPEN: Final = (CommandStatus.QUEUED, CommandStatus.SENT)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _charger(charger: Charger, **more: Any) -> dict[str, Any]:
    return {
        "charger_id": charger.identity,
        "name": charger.name,
        "location": charger.location.name,
        "time_zone": charger.location.time_zone,
        **more,
    }


# --- Presence -----------------------------------------------------------------------------------


def _presence(ids: Sequence[int], told: Listeners) -> list[News]:
    rows = PresenceChange.objects.filter(pk__in=ids).select_related("charger__location")
    return [
        News(
            "charger.online" if change.online else "charger.offline",
            PRESENCE.key(change.pk),
            change.charger.cpo_id,
            change.at,
            _charger(change.charger, online=change.online, at=clock.isoformat_z(change.at)),
        )
        for change in told.of(rows, "charger__cpo")
    ]


def last_presences(charger_ids: Sequence[int]) -> list[int]:
    """The newest change of each charger."""
    rows = PresenceChange.objects.filter(charger__in=charger_ids)
    newest = rows.order_by("charger_id", "-at", "-id").distinct("charger_id")
    return list(newest.values_list("pk", flat=True))


# --- Faults -------------------------------------------------------------------------------------


def _faults(ids: Sequence[int], told: Listeners) -> list[News]:
    rows = ConnectorStatusChange.objects.filter(pk__in=ids, status=_FAULTED)
    changes = told.of(rows.select_related("charger__location"), "charger__cpo")
    return [_fault(change) for change in changes if not _is_repeated(change)]


def _fault(change: ConnectorStatusChange) -> News:
    data = _charger(
        change.charger,
        connector_id=change.connector_number,
        status=change.status,
        error_code=change.error_code,
        vendor_error_code=change.vendor_error_code,
        info=change.info,
        at=clock.isoformat_z(change.reported_at),
    )
    # By our clock: a charger's own may be years off.
    key = FAULTS.key(change.pk)
    return News("charger.faulted", key, change.charger.cpo_id, change.received_at, data)


def _is_repeated(change: ConnectorStatusChange) -> bool:
    """A charger that comes back reports its fault again: nothing new."""
    earlier = ConnectorStatusChange.objects.filter(
        charger_id=change.charger_id, connector_number=change.connector_number
    ).filter(
        Q(reported_at__lt=change.reported_at) | Q(reported_at=change.reported_at, pk__lt=change.pk)
    )
    last = earlier.order_by("-reported_at", "-pk").first()
    return last is not None and (last.status, last.error_code) == (_FAULTED, change.error_code)


def last_faults(places: Sequence[tuple[int, int]]) -> list[int]:
    """The newest fault of each (charger, connector number)."""
    found: list[int] = []
    for charger_id, number in places:
        rows = ConnectorStatusChange.objects.filter(
            charger_id=charger_id, connector_number=number, status=_FAULTED
        )
        found += rows.order_by("-reported_at", "-pk").values_list("pk", flat=True)[:1]
    return found


# --- Commands -----------------------------------------------------------------------------------


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _first_open_command(_position: int) -> int:
    """When the oldest command that may still end was made; the cursor of commands is a time."""
    open_ones = Command.objects.filter(status__in=_OPEN).order_by()
    times = list(open_ones.values_list("created_at", flat=True))
    return _microseconds(min(times, default=clock.now())) - 1


def _read_commands(position: int, told: Listeners) -> Sequence[UUID]:
    since = max(_EPOCH + timedelta(microseconds=position), told.since)
    ended = Command.objects.filter(created_at__gt=since).exclude(status__in=_OPEN)
    rows = told.of(ended, "charger__cpo").order_by("created_at")
    return list(rows.values_list("pk", flat=True))


def _commands(ids: Sequence[UUID], told: Listeners) -> list[News]:
    ended = Command.objects.filter(pk__in=ids).exclude(status__in=_OPEN)
    rows = told.of(ended.select_related("charger"), "charger__cpo")
    return [
        News(
            "command.completed",
            COMMANDS.key(command.pk),
            command.charger.cpo_id,
            command.answered_at or min(max(command.deadline_at, command.created_at), clock.now()),
            shown(command),
        )
        for command in rows
    ]


PRESENCE = Source(
    "charger.presence",
    ("charger.online", "charger.offline"),
    _CHANGES.end,
    _CHANGES.read,
    _presence,
)
FAULTS = Source("charger.faults", ("charger.faulted",), _REPORTS.end, _REPORTS.read, _faults)
COMMANDS = Source(
    "command.completed",
    ("command.completed",),
    _first_open_command,
    _read_commands,
    _commands,
)
