"""Figures by day, for the curves of the overview."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from chargers.selectors.session_sums import Span, daily_sums
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
    span = Span(datetime.combine(first, time(0), zone))
    sums = daily_sums(actor, cpo_id, span, zone=zone)
    found = {day: DayTotals(day, **asdict(totals)) for day, totals in sums.items()}
    every = (first + timedelta(days=number) for number in range(days))
    return [found.get(day, DayTotals(day)) for day in every]
