"""When a location's clock shows a time: daylight saving is where tariffs go wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def clock_moments(
    begin: datetime, end: datetime, times: Iterable[time], zone: ZoneInfo
) -> Iterator[datetime]:
    """When the location's clock shows one of `times`, and when it is put forward or back.

    A time that the clock skips has no moment of its own: the change is it. One that it shows twice
    has two (`fold`). A moment too many does no harm: each slice is judged at its start.
    """
    day = begin.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    while day <= last:
        for clock in times:
            for fold in (0, 1):
                yield datetime.combine(day, clock, zone).replace(fold=fold).astimezone(UTC)
        yield from _clock_change(day, zone)
        day += timedelta(days=1)


def _clock_change(day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The moment, to the second, at which the offset from UTC changes within a day from noon."""
    low = datetime.combine(day, time(12), UTC)
    high = low + timedelta(days=1)
    before = low.astimezone(zone).utcoffset()
    if high.astimezone(zone).utcoffset() == before:
        return
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = max(middle, low + timedelta(seconds=1))
        else:
            high = middle
    yield high
