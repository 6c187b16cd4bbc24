"""Sessions whose Stop will not come any more: one rule, one sweep.

A session that is over is closed from its last meter value and flows to billing like any other. It
is over when nothing was heard of it for SILENT_AFTER, or when its connector is free (or its charger
has booted and does not charge there) since a while after the last sign of it. A while, because a
charger that was away sends its queue first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_noop

from chargers.models import ChargingSession, ConnectorStatus, MeterReading, SessionStatus
from chargers.services.sessions import end_without_stop
from unievp.lib import clock

SILENT_AFTER: Final = timedelta(hours=24)
A_WHILE: Final = timedelta(minutes=30)
STOP_REASON: Final = "NoStop"

SILENT: Final = gettext_noop("Nothing was heard of it for a day")
CONNECTOR_FREE: Final = gettext_noop("Its connector has been free since")
CHARGER_BOOTED: Final = gettext_noop("Its charger has booted since")

_BUSY: Final = (
    ConnectorStatus.CHARGING,
    ConnectorStatus.SUSPENDED_EV,
    ConnectorStatus.SUSPENDED_EVSE,
)


def close_zombie_sessions(now: datetime | None = None) -> int:
    """End every session that is over and does not know it; how many."""
    now = now or clock.now()
    closed = 0
    for rows, why, quiet_for in _rules(now):
        for session in rows:
            if _reported_since(session, now - quiet_for):
                continue
            ended_at = session.last_reading_at or session.started_at
            closed += end_without_stop(
                session.pk, ended_at=min(ended_at, now), reason=STOP_REASON, note=why
            )
    return closed


def _rules(now: datetime) -> list[tuple[QuerySet[ChargingSession], str, timedelta]]:
    """Sessions to close, why, and how long nothing of them may have arrived.

    The charger's clock may be ahead, ours is not: a sign from the future is one of now.
    """
    sessions = (
        ChargingSession.objects.exclude(status=SessionStatus.ENDED)
        .annotate(
            last_sign=Greatest(
                Coalesce("last_reading_at", "start_received_at"), "start_received_at"
            )
        )
        .only("pk", "charger_id", "started_at", "last_reading_at", "start_received_at")
    )
    free = Q(connector__status=ConnectorStatus.AVAILABLE, connector__status_at__gt=F("last_sign"))
    booted = Q(charger__booted_at__gt=F("last_sign"), charger__booted_at__lt=now - A_WHILE)
    return [
        (sessions.filter(last_sign__lt=now - SILENT_AFTER), SILENT, SILENT_AFTER),
        (
            sessions.filter(free, connector__status_at__lt=now - A_WHILE),
            CONNECTOR_FREE,
            A_WHILE,
        ),
        (
            sessions.filter(booted).exclude(connector__status__in=_BUSY),
            CHARGER_BOOTED,
            A_WHILE,
        ),
    ]


def _reported_since(session: ChargingSession, since: datetime) -> bool:
    """Whether a value of it arrived since, whatever the charger's clock said when.

    A status alone closes nothing: a charger whose clock is behind says "Available" after a reset
    and goes on charging (reference §4.2, pain 33).
    """
    return MeterReading.objects.filter(
        session_id=session.pk,
        measured_at__gte=session.started_at - timedelta(days=1),
        received_at__gt=since,
    ).exists()
