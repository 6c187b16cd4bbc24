"""Sums over charging sessions, from their hours where those hold and from the sessions elsewhere.

Always what counting every session would give: hours that are marked stale, hours that a span
only touches and sessions that still run are counted themselves. One statement reads all three.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, DateField, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, TruncDate

from chargers.models import BillingStatus, ChargingSession, SessionHour, SessionStatus, StaleHour
from cpo.access import Actor, visible

_HOUR: Final = timedelta(hours=1)
_END: Final = datetime(9999, 1, 1, tzinfo=UTC)
_BILLED: Final = Q(billing_status=BillingStatus.BILLED)


@dataclass(frozen=True, slots=True)
class Totals:
    """Of sessions that started in a time; `revenue` is what is billed of them (minor units)."""

    sessions: int = 0
    energy_wh: int = 0
    revenue: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.sessions + other.sessions,
            self.energy_wh + other.energy_wh,
            self.revenue + other.revenue,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Starts in `since` ≤ start < `until`; at the locations of one time zone only, if named."""

    since: datetime
    until: datetime = _END
    time_zone: str = ""

    @property
    def first_hour(self) -> datetime:
        begin = _hour_of(self.since)
        return begin if begin == self.since else begin + _HOUR

    @property
    def last_hour(self) -> datetime:
        """Where the whole hours end; before `first_hour` there are none."""
        return max(_hour_of(self.until), self.first_hour)


def session_sums(actor: Actor, cpo_id: UUID | None, *spans: Span) -> Totals:
    """Over all spans, which do not overlap."""
    rows = _grouped(actor, cpo_id, spans, Value(None, output_field=DateField()))
    return sum((found for _day, found in rows), Totals())


def daily_sums(
    actor: Actor, cpo_id: UUID | None, span: Span, *, zone: ZoneInfo
) -> dict[date, Totals]:
    """By the day of their start in `zone`, which has to be whole hours from UTC."""
    days: dict[date, Totals] = {}
    for day, found in _grouped(actor, cpo_id, [span], zone):
        days[day] = days.get(day, Totals()) + found
    return days


def parts(
    actor: Actor, cpo_id: UUID | None, spans: list[Span]
) -> tuple[QuerySet[SessionHour], QuerySet[ChargingSession], QuerySet[ChargingSession]]:
    """The hours that hold; the sessions that run; the ended ones that no such hour holds."""
    since, until = min(span.since for span in spans), max(span.until for span in spans)
    stale = list(
        StaleHour.objects.filter(hour__gte=since - _HOUR, hour__lt=until)
        .order_by("hour")
        .values_list("hour", flat=True)
        .distinct()
    )
    hours = sessions = Q(pk__in=[])
    ended = Q(pk__in=[])
    for span in spans:
        place = Q(location__time_zone=span.time_zone) if span.time_zone else Q()
        hours |= place & Q(hour__gte=span.first_hour, hour__lt=span.last_hour)
        place = Q(charger__location__time_zone=span.time_zone) if span.time_zone else Q()
        within = place & Q(started_at__gte=span.since, started_at__lt=span.until)
        sessions |= within
        for begin, end in _counted_ranges(span, stale):
            ended |= within & Q(started_at__gte=begin, started_at__lt=end)
    mine = {"cpo_id": cpo_id} if cpo_id else {}
    all_sessions = visible(actor, ChargingSession.objects.order_by().filter(**mine))
    all_hours = visible(actor, SessionHour.objects.order_by().filter(**mine))
    is_ended = Q(status=SessionStatus.ENDED)
    return (
        all_hours.filter(hours).exclude(hour__in=stale),
        all_sessions.filter(~is_ended).filter(sessions),
        all_sessions.filter(is_ended).filter(ended),
    )


def _grouped(
    actor: Actor, cpo_id: UUID | None, spans: Any, by: ZoneInfo | Value
) -> Iterator[tuple[date, Totals]]:
    if not spans:
        return
    hours, running, counted = parts(actor, cpo_id, list(spans))
    rows = _of_hours(hours, by).union(
        _of_sessions(running, by), _of_sessions(counted, by), all=True
    )
    for day, *figures in rows:
        yield day, Totals(*figures)


def _counted_ranges(span: Span, stale: list[datetime]) -> list[tuple[datetime, datetime]]:
    """The parts of hours at both ends, and the stale hours between, neighbours as one."""
    ranges = [(span.since, min(span.first_hour, span.until))]
    inside = [hour for hour in stale if span.first_hour <= hour < span.last_hour]
    for hour in inside:
        begin, end = ranges[-1]
        if hour == end:
            ranges[-1] = (begin, hour + _HOUR)
        else:
            ranges.append((hour, hour + _HOUR))
    ranges.append((span.last_hour, span.until))
    return [(begin, end) for begin, end in ranges if begin < end]


def _of_hours(rows: QuerySet[SessionHour], by: ZoneInfo | Value) -> QuerySet[Any, Any]:
    day = TruncDate("hour", tzinfo=by) if isinstance(by, ZoneInfo) else by
    return (
        rows.annotate(day=day)
        .values("day")
        .annotate(
            count=Coalesce(Sum("sessions"), 0),
            energy=Coalesce(Sum("energy_wh"), 0),
            money=Coalesce(Sum("revenue"), 0),
        )
        .values_list("day", "count", "energy", "money")
    )


def _of_sessions(rows: QuerySet[ChargingSession], by: ZoneInfo | Value) -> QuerySet[Any, Any]:
    day = TruncDate("started_at", tzinfo=by) if isinstance(by, ZoneInfo) else by
    return (
        rows.annotate(day=day)
        .values("day")
        .annotate(
            count=Count("pk"),
            energy=Coalesce(Sum(F("energy_wh")), 0),
            money=Coalesce(Sum("cost", filter=_BILLED), 0),
        )
        .values_list("day", "count", "energy", "money")
    )


def _hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
