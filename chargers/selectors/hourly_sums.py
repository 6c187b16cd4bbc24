"""Sums over the charging sessions of one location, hour by hour (UTC) of their start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncHour

from chargers.models import BillingStatus, ChargingSession, Location
from chargers.selectors.session_sums import Span, parts
from cpo.access import Actor

_NONE = timedelta()


@dataclass(frozen=True, slots=True)
class HourlySums:
    """`revenue` in minor units; `busy`: of ended sessions, wherever their time lies."""

    sessions: int = 0
    energy_wh: int = 0
    revenue: int = 0
    busy: timedelta = _NONE

    def __add__(self, other: HourlySums) -> HourlySums:
        return HourlySums(
            self.sessions + other.sessions,
            self.energy_wh + other.energy_wh,
            self.revenue + other.revenue,
            self.busy + other.busy,
        )


def hourly_sums(
    actor: Actor, cpo_id: UUID | None, span: Span, location: Location
) -> dict[datetime, HourlySums]:
    """What counting every session would give, by hour; one statement reads sums and sessions."""
    hours, running, counted = parts(actor, cpo_id, [span])
    held = hours.filter(location=location).values_list(
        "hour", "sessions", "energy_wh", "revenue", "busy"
    )
    rows: QuerySet[Any, Any] = held.union(_of(running, location), _of(counted, location), all=True)
    found: dict[datetime, HourlySums] = {}
    for hour, sessions, energy_wh, revenue, busy in rows:
        more = HourlySums(sessions, energy_wh, revenue, busy)
        found[hour] = found.get(hour, HourlySums()) + more
    return found


def _of(sessions: QuerySet[ChargingSession], location: Location) -> QuerySet[Any, Any]:
    billed = Q(billing_status=BillingStatus.BILLED)
    return (
        sessions.filter(charger__location=location)
        .annotate(begun=TruncHour("started_at", tzinfo=UTC))
        .values("begun")
        .annotate(
            count=Count("pk"),
            energy=Coalesce(Sum("energy_wh"), 0),
            money=Coalesce(Sum("cost", filter=billed), 0),
            time=Coalesce(Sum(F("ended_at") - F("started_at")), _NONE),
        )
        .values_list("begun", "count", "energy", "money", "time")
    )
