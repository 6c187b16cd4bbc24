"""Where a Stop or a reading without a session most likely belongs, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from chargers.models import ChargingSession, IdToken, MeterReading, OrphanStop, SessionStatus
from chargers.store.plausible import TOLERANCE_WH, most_wh
from unievp.lib import clock

# A session that began longer before its Stop is not suggested.
LOOK_BACK: Final = timedelta(days=14)
# Clocks differ: a reading may seem to be a little older than its session.
CLOCK_SLACK: Final = timedelta(minutes=5)
_MOST_SUGGESTIONS = 5
_MOST_SESSIONS = 50


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`score` 0 to 100; `why` in words, the strongest first."""

    session: ChargingSession
    score: int
    why: tuple[str, ...]


def suggest_sessions(orphan: OrphanStop) -> list[Suggestion]:
    """Sessions of the same charger that lack a Stop and could have ended by this one, best first.

    One that the meter rules out is not among them.
    """
    sessions = (
        ChargingSession.objects.filter(
            charger_id=orphan.charger_id,
            started_at__lte=orphan.ended_at,
            started_at__gte=orphan.ended_at - LOOK_BACK,
            stop_received_at__isnull=True,
        )
        .select_related("connector", "id_token", "cpo", "charger")
        .order_by("-started_at")[:_MOST_SESSIONS]
    )
    group = _group_of(orphan)
    found = [suggestion for row in sessions if (suggestion := _judge(orphan, row, group))]
    found.sort(key=lambda item: (item.score, item.session.started_at), reverse=True)
    return found[:_MOST_SUGGESTIONS]


def readings_for(session: ChargingSession) -> QuerySet[MeterReading]:
    """Readings of a session's time at its connector that belong to no session, oldest first.

    Those that were sent as of no transaction at all are not missed: they are the connector's own.
    """
    return MeterReading.objects.filter(
        charger_id=session.charger_id,
        connector_number=session.connector.number,
        session_id__isnull=True,
        transaction_id__isnull=False,
        measured_at__gte=session.started_at - CLOCK_SLACK,
        measured_at__lte=(session.ended_at or clock.now()) + CLOCK_SLACK,
    ).order_by("measured_at", "pk")


def _judge(orphan: OrphanStop, session: ChargingSession, group: str) -> Suggestion | None:
    gained = orphan.meter_stop_wh - session.meter_start_wh
    most = most_wh(
        session.connector.max_power_w,
        started_at=session.started_at,
        start_received_at=session.start_received_at,
        until=orphan.ended_at,
        received_at=orphan.received_at,
    )
    if not -TOLERANCE_WH <= gained <= most:
        return None
    reasons = [
        *_tag_reasons(orphan, session, group),
        *_state_reasons(session, orphan.ended_at),
        (20, _("the meter fits: %(kwh)s kWh in its time") % {"kwh": f"{max(gained, 0) / 1000:.2f}"})
        if gained + TOLERANCE_WH >= session.energy_wh
        else (0, _("the meter is below its latest reading")),
    ]
    reasons.sort(key=lambda reason: -reason[0])
    score = min(sum(points for points, _why in reasons), 100)
    return Suggestion(session, score, tuple(why for _points, why in reasons))


def _tag_reasons(orphan: OrphanStop, session: ChargingSession, group: str) -> list[tuple[int, str]]:
    if not orphan.id_tag:
        return [(10, _("the stop names no id tag"))]
    if orphan.id_tag.casefold() == session.id_tag.casefold():
        return [(50, _("the same id tag"))]
    if group and session.id_token is not None and session.id_token.group == group:
        return [(40, _("an id tag of the same group"))]
    return [(0, _("another id tag"))]


def _state_reasons(session: ChargingSession, ended_at: datetime) -> list[tuple[int, str]]:
    reasons = []
    if session.status == SessionStatus.ENDED:
        reasons.append((10, _("it was ended without a stop")))
    elif session.status == SessionStatus.AWAITING_STOP:
        reasons.append((20, _("it awaits its stop")))
    else:
        reasons.append((15, _("it is still open")))
    last = session.last_reading_at
    if last is not None and timedelta() <= ended_at - last <= timedelta(hours=1):
        reasons.append((10, _("its latest reading came shortly before the stop")))
    elif last is not None and last > ended_at + CLOCK_SLACK:
        reasons.append((-30, _("it reported after the stop")))
    return reasons


def _group_of(orphan: OrphanStop) -> str:
    if not orphan.id_tag:
        return ""
    token = (
        IdToken.objects.filter(
            Q(cpo_id=orphan.charger.cpo_id) | Q(cpo=None), token__iexact=orphan.id_tag[:20]
        )
        .order_by("cpo_id")
        .first()
    )
    return token.group if token else ""
