"""Charging sessions: begun, going on, ended, billed, corrected; as `GET /api/sessions/{id}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from chargers.api.session_serializers import SessionView
from chargers.api.sessions import note_costs
from chargers.models import ChargingSession, SessionCorrection, SessionStatus
from cpo.services.webhooks.outbox import Listeners, News
from payments.models import Bill
from unievp.lib import clock
from unievp.web.webhooks.source import Log, Source

_PARTS: Final = ("charger__location", "connector")
# How old a reading may be that makes a session's progress worth telling.
_FRESH: Final = timedelta(minutes=3)
_SESSIONS: Final = Log(ChargingSession, "cpo")
_BILLS: Final = Log(Bill, "session__cpo")
_CORRECTIONS: Final = Log(SessionCorrection, "session__cpo")


def session_news(
    source: str,
    event_type: str,
    times: Mapping[Any, tuple[int, datetime]],
    told: Listeners,
) -> list[News]:
    """One event per id of `times`, which says of which session and when it happened."""
    rows = ChargingSession.objects.select_related(*_PARTS)
    wanted = {session_id for session_id, _at in times.values()}
    sessions = list(told.of(rows.filter(pk__in=wanted), "cpo"))
    note_costs(sessions)
    data = {session.pk: (session.cpo_id, dict(SessionView(session).data)) for session in sessions}
    return [
        News(event_type, f"{source}:{row_id}", data[session_id][0], at, data[session_id][1])
        for row_id, (session_id, at) in times.items()
        if session_id in data
    ]


def _started(ids: Sequence[int], told: Listeners) -> list[News]:
    rows = ChargingSession.objects.filter(pk__in=ids).values_list("pk", "start_received_at")
    times = {pk: (pk, at) for pk, at in rows}
    return session_news(STARTED.name, "session.started", times, told)


def _first_open(position: int) -> int:
    """No session up to it will end any more."""
    open_ones = ChargingSession.objects.filter(pk__gt=position).exclude(status=SessionStatus.ENDED)
    pks = list(open_ones.order_by().values_list("pk", flat=True))
    return min(pks) - 1 if pks else max(_SESSIONS.end(), position)


def _read_ended(position: int, told: Listeners) -> Sequence[int]:
    ended = _with_end(ChargingSession.objects.filter(pk__gt=position)).filter(
        known_at__gte=told.since
    )
    rows = told.of(ended, "cpo").order_by("pk")
    return list(rows.values_list("pk", flat=True))


def _with_end(rows: QuerySet[ChargingSession]) -> QuerySet[Any]:
    """Those that ended, and since when we know: a charger's own clock may be years off."""
    ended = rows.filter(status=SessionStatus.ENDED)
    return ended.annotate(known_at=Coalesce("stop_received_at", "ended_at"))


def _ended(ids: Sequence[int], told: Listeners) -> list[News]:
    rows = _with_end(ChargingSession.objects.filter(pk__in=ids))
    times = {pk: (pk, at) for pk, at in rows.values_list("pk", "known_at")}
    return session_news(ENDED.name, "session.ended", times, told)


def _update_of(
    log: Log, time_field: str, name: str
) -> Callable[[Sequence[int], Listeners], list[News]]:
    """What was done to sessions, as updates of theirs."""

    def news(ids: Sequence[int], told: Listeners) -> list[News]:
        rows = log.model._default_manager.filter(pk__in=ids)
        times = {pk: (sid, at) for pk, sid, at in rows.values_list("pk", "session_id", time_field)}
        return session_news(name, "session.updated", times, told)

    return news


def _read_progress(_position: int, told: Listeners) -> Sequence[str]:
    """Running sessions with a new reading, at most once a minute each: `<session>@<minute>`."""
    fresh = ChargingSession.objects.filter(
        status=SessionStatus.ACTIVE, last_reading_at__gte=clock.now() - _FRESH
    )
    rows = told.of(fresh, "cpo").values_list("pk", "last_reading_at")
    return [f"{pk}@{int(at.timestamp()) // 60}" for pk, at in rows if at]


def _progress(ids: Sequence[str], told: Listeners) -> list[News]:
    pks = {row_id: int(row_id.partition("@")[0]) for row_id in ids}
    now = clock.now()
    times = {row_id: (pk, now) for row_id, pk in pks.items()}
    return session_news(PROGRESS.name, "session.updated", times, told)


STARTED = Source("session.started", ("session.started",), _SESSIONS.end, _SESSIONS.read, _started)
ENDED = Source("session.ended", ("session.ended",), _first_open, _read_ended, _ended)
BILLED = Source(
    "session.billed",
    ("session.updated",),
    _BILLS.end,
    _BILLS.read,
    _update_of(_BILLS, "issued_at", "session.billed"),
)
CORRECTED = Source(
    "session.corrected",
    ("session.updated",),
    _CORRECTIONS.end,
    _CORRECTIONS.read,
    _update_of(_CORRECTIONS, "found_at", "session.corrected"),
)
PROGRESS = Source(
    "session.progress", ("session.updated",), lambda _position: 0, _read_progress, _progress
)
