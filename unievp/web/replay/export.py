"""A piece of the wire log as JSON lines, with what became of it, so that it can be replayed.

The first line says what it is; then one line per frame in the order of time, already redacted as
the log is, and last, for each session that began in it, what the session, its readings and its
bill were. `kind` of a line: "wire", "frame", "session".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import QuerySet

from chargers.models import Charger, ChargingSession, ConnectionLog, Frame
from chargers.selectors.wire import WireSearch, search_frames
from chargers.selectors.wire.of_session import all_frames, belongs, read_exchange, span
from unievp.lib import clock
from unievp.web.replay.originals import original

FORMAT: Final = "uniev-wire"
VERSION: Final = 1
MOST_FRAMES: Final = 200_000
MOST_SESSIONS: Final = 500
_CHUNK: Final = 500


def session_lines(session: ChargingSession) -> Iterator[dict[str, Any]]:
    """One session with the frames that made it."""
    since, until = span(session)
    yield _header(session.charger, since, until)
    connections = _connections(session.charger_id, since, until)
    for frame in _each(all_frames(session)):
        if belongs(read_exchange(frame), session):
            yield _frame(frame, connections)
    yield original(session)


def wire_lines(charger: Charger, search: WireSearch) -> Iterator[dict[str, Any]]:
    """The frames of a search, and the sessions that began in its time."""
    yield _header(charger, search.since, search.until)
    connections = _connections(charger.pk, search.since, search.until)
    frames = search_frames(charger.pk, search).reverse()
    for frame in _each(frames):
        yield _frame(frame, connections)
    if search.is_narrow:
        return
    sessions = ChargingSession.objects.filter(
        charger=charger, start_received_at__gte=search.since, start_received_at__lt=search.until
    ).select_related("connector")
    for session in sessions.order_by("start_received_at", "id")[:MOST_SESSIONS]:
        yield original(session)


def _each(frames: QuerySet[Frame]) -> Iterator[Frame]:
    """By key, so that no cursor and no transaction stays open while a client reads slowly."""
    last: Frame | None = None
    for _step in range(MOST_FRAMES // _CHUNK):
        rest = frames
        if last is not None:
            rest = frames.filter(at__gte=last.at).exclude(at=last.at, id__lte=last.pk)
        part = list(rest[:_CHUNK])
        yield from part
        if len(part) < _CHUNK:
            return
        last = part[-1]


def _header(charger: Charger, since: datetime, until: datetime) -> dict[str, Any]:
    return {
        "kind": "wire",
        "format": FORMAT,
        "version": VERSION,
        "exported_at": stamp(clock.now()),
        "since": stamp(since),
        "until": stamp(until),
        "charger": {
            "identity": charger.identity,
            "vendor": charger.vendor,
            "model": charger.model,
            "firmware": charger.firmware_version,
            "time_zone": charger.time_zone,
            "max_power_w": charger.max_power_w,
        },
        "location": {"time_zone": charger.location.time_zone},
        "connectors": list(
            charger.connectors.order_by("number").values("number", "max_power_w", "power_type")
        ),
    }


def _frame(frame: Frame, connections: list[ConnectionLog]) -> dict[str, Any]:
    held = next(
        (
            str(row.connection_id)
            for row in connections
            if row.connected_at <= frame.at and (row.ended_at is None or frame.at <= row.ended_at)
        ),
        None,
    )
    return {
        "kind": "frame",
        "at": stamp(frame.at),
        "direction": frame.direction,
        "connection": held,
        "message_id": frame.message_id,
        "action": frame.action,
        "request": frame.request,
        "response": frame.response,
        "latency_us": frame.latency_us,
        "outcome": frame.outcome,
    }


def _connections(charger_pk: int, since: datetime, until: datetime) -> list[ConnectionLog]:
    rows = ConnectionLog.objects.filter(charger_id=charger_pk, connected_at__lt=until).exclude(
        ended_at__lt=since
    )
    return list(rows.order_by("-connected_at", "-id")[:_CHUNK])


def stamp(moment: datetime) -> str:
    """To the microsecond: a replay looks for its frames by these times."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
