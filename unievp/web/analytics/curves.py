"""Figures by day, for the curves of the overview."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce, TruncDate

from chargers.models import BillingStatus
from chargers.selectors.totals import sessions_of
from cpo.access import Actor
from unievp.lib import clock
from unievp.web.timezones import OFFICE_ZONE


@dataclass(frozen=True, slots=True)
class DayTotals:
    """Of the sessions that started on `date`; `revenue` is what is billed of them."""

    date: date
    sessions: int = 0
    energy_wh: int = 0
    revenue: int = 0


def daily_totals(
    actor: Actor, cpo_id: UUID | None, *, days: int, zone: ZoneInfo = OFFICE_ZONE
) -> list[DayTotals]:
    """The last `days` days with today, oldest first; a day without sessions is 0."""
    today = clock.now().astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    rows = (
        sessions_of(actor, cpo_id)
        .filter(started_at__gte=datetime.combine(first, time(0), zone))
        .annotate(day=TruncDate("started_at", tzinfo=zone))
        .values("day")
        .annotate(
            count=Count("pk"),
            energy=Coalesce(Sum("energy_wh"), 0),
            money=Coalesce(Sum("cost", filter=Q(billing_status=BillingStatus.BILLED)), 0),
        )
        .order_by("day")
    )
    found = {
        row["day"]: DayTotals(row["day"], row["count"], row["energy"], row["money"]) for row in rows
    }
    every = (first + timedelta(days=number) for number in range(days))
    return [found.get(day, DayTotals(day)) for day in every]
