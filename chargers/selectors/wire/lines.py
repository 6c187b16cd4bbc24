"""Frames merged with what happened around them: connections that came and went, and refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from chargers.models import Charger, ConnectionLog, Frame, RefusedHandshake
from chargers.selectors.wire.search import Cursor, WireSearch, search_frames
from cpo.access import Actor, visible

PER_PAGE: Final = 100
MOST_PER_PAGE: Final = 500
_MOST_EVENTS: Final = 200

FRAME, CONNECTED, DISCONNECTED, REFUSED = "frame", "connected", "disconnected", "refused"


@dataclass(frozen=True, slots=True)
class WireLine:
    """One line of the story: a frame, the beginning or end of a connection, a refused handshake.

    Of refusals only the latest is kept, with how many there were.
    """

    at: datetime
    kind: str
    frame: Frame | None = None
    connection: ConnectionLog | None = None
    refusal: RefusedHandshake | None = None


@dataclass(frozen=True, slots=True)
class WirePage:
    """Newest first. `following`: where the next, older page begins; None at the end.

    `has_more_events`: more connections came and went in this page's time than are shown.
    """

    charger: Charger
    lines: tuple[WireLine, ...]
    following: Cursor | None
    has_more_events: bool = False


def wire_page(
    actor: Actor,
    charger_pk: int,
    search: WireSearch,
    *,
    before: Cursor | None = None,
    limit: int = PER_PAGE,
) -> WirePage | None:
    """One page of a charger's wire log; None where the charger is another's or there is none.

    A search for certain frames shows frames alone.
    """
    chargers = visible(actor, Charger.objects.select_related("location", "cpo"))
    charger = chargers.filter(pk=charger_pk).first()
    if charger is None:
        return None
    limit = max(1, min(limit, MOST_PER_PAGE))
    found = list(search_frames(charger.pk, search, before=before)[: limit + 1])
    frames = found[:limit]
    following = Cursor(frames[-1].at, frames[-1].pk) if len(found) > limit else None
    events: list[WireLine] = []
    if not search.is_narrow:
        newest = before.at if before else search.until
        oldest = following.at if following else search.since
        events = _connections(charger.pk, oldest, newest) + _refusals(charger.pk, oldest, newest)
        events.sort(key=lambda line: line.at, reverse=True)
    lines = [WireLine(frame.at, FRAME, frame=frame) for frame in frames] + events[:_MOST_EVENTS]
    lines.sort(key=_newest_first, reverse=True)
    return WirePage(charger, tuple(lines), following, len(events) > _MOST_EVENTS)


def _newest_first(line: WireLine) -> tuple[datetime, int, Any]:
    return line.at, line.kind != CONNECTED, line.frame.pk if line.frame else 0


def _connections(charger_pk: int, since: datetime, until: datetime) -> list[WireLine]:
    """The beginnings and ends of connections with `since` ≤ time < `until`, newest first."""
    came = Q(connected_at__gte=since, connected_at__lt=until)
    went = Q(ended_at__gte=since, ended_at__lt=until)
    rows = ConnectionLog.objects.filter(came | went, charger_id=charger_pk).order_by(
        "-connected_at", "-id"
    )[: _MOST_EVENTS + 1]
    lines: list[WireLine] = []
    for row in rows:
        if since <= row.connected_at < until:
            lines.append(WireLine(row.connected_at, CONNECTED, connection=row))
        if row.ended_at is not None and since <= row.ended_at < until:
            lines.append(WireLine(row.ended_at, DISCONNECTED, connection=row))
    return lines


def _refusals(charger_pk: int, since: datetime, until: datetime) -> list[WireLine]:
    rows = RefusedHandshake.objects.filter(
        charger_id=charger_pk, last_seen_at__gte=since, last_seen_at__lt=until
    )
    return [WireLine(row.last_seen_at, REFUSED, refusal=row) for row in rows]
