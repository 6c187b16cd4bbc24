"""When an element applies (OCPI 2.2.1 §11.4.6), and the moments at which that may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tariffs.pricing.tariff import Element, Reservation
from tariffs.pricing.usage import Activity, Period

MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Moment:
    """A piece of a period with what came before it in the session."""

    period: Period
    energy_before_wh: Fraction
    session_started_at: datetime
    idle_since: datetime | None
    reservation_expired: bool


def applies(element: Element, moment: Moment, zone: ZoneInfo) -> bool:
    """Whether every restriction of `element` holds at the start of the piece."""
    return all(check(element, moment, zone) for check in _CHECKS)


def _reservation(element: Element, moment: Moment, _zone: ZoneInfo) -> bool:
    reserved = moment.period.activity is Activity.RESERVED
    if element.reservation is None:
        return not reserved
    if element.reservation is Reservation.RESERVATION_EXPIRES:
        return reserved and moment.reservation_expired
    return reserved


def _time_of_day(element: Element, moment: Moment, zone: ZoneInfo) -> bool:
    begin, end = element.start_time, element.end_time
    if begin is None and end is None:
        return True
    now = moment.period.start.astimezone(zone).time()
    begin = begin or MIDNIGHT
    if end is None or end == MIDNIGHT:
        return now >= begin
    if begin == end:
        return True
    if begin < end:
        return begin <= now < end
    return now >= begin or now < end


def _date(element: Element, moment: Moment, zone: ZoneInfo) -> bool:
    today = moment.period.start.astimezone(zone).date()
    if element.start_date is not None and today < element.start_date:
        return False
    if element.end_date is not None and today >= element.end_date:
        return False
    return not element.days_of_week or today.isoweekday() in element.days_of_week


def _within(low: int | None, high: int | None, value: Fraction | int | None) -> bool:
    """Lower bound in, upper bound out; an unknown value fulfils no bound."""
    if low is None and high is None:
        return True
    if value is None:
        return False
    return (low is None or value >= low) and (high is None or value < high)


def _energy(element: Element, moment: Moment, _zone: ZoneInfo) -> bool:
    return _within(element.min_energy_wh, element.max_energy_wh, moment.energy_before_wh)


def _power(element: Element, moment: Moment, _zone: ZoneInfo) -> bool:
    return _within(element.min_power_w, element.max_power_w, moment.period.mean_power_w)


def _current(element: Element, moment: Moment, _zone: ZoneInfo) -> bool:
    return _within(element.min_current_ma, element.max_current_ma, moment.period.current_ma)


def _duration(element: Element, moment: Moment, _zone: ZoneInfo) -> bool:
    elapsed = moment.period.start - moment.session_started_at
    return _within(element.min_duration_s, element.max_duration_s, _seconds(elapsed))


def _idle(element: Element, moment: Moment, _zone: ZoneInfo) -> bool:
    if element.min_idle_s is None:
        return True
    if moment.idle_since is None:
        return False
    return _seconds(moment.period.start - moment.idle_since) >= element.min_idle_s


def _seconds(span: timedelta) -> Fraction:
    return Fraction(span // timedelta(microseconds=1), 1_000_000)


_CHECKS: tuple[Callable[[Element, Moment, ZoneInfo], bool], ...] = (
    _reservation,
    _time_of_day,
    _date,
    _energy,
    _power,
    _current,
    _duration,
    _idle,
)


def times_of_change(element: Element, moment: Moment, zone: ZoneInfo) -> Iterator[datetime]:
    """The points in time at which `element` may begin or cease to apply during the piece."""
    for bound in (element.min_duration_s, element.max_duration_s):
        if bound is not None:
            yield moment.session_started_at + timedelta(seconds=bound)
    if element.min_idle_s is not None and moment.idle_since is not None:
        yield moment.idle_since + timedelta(seconds=element.min_idle_s)
    clock_times = {bound for bound in (element.start_time, element.end_time) if bound is not None}
    if element.days_of_week or element.start_date or element.end_date:
        clock_times.add(MIDNIGHT)
    if not clock_times:
        return
    day = moment.period.start.astimezone(zone).date()
    last = moment.period.end.astimezone(zone).date()
    while day <= last:
        for clock_time in clock_times:
            yield datetime.combine(day, clock_time, tzinfo=zone)
        day += timedelta(days=1)
