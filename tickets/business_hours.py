"""Business hours of a place: when work counted in them is due, and how much of them has passed.

Hours are wall-clock times of one zone, so a change to summer time moves them in UTC. Pure values:
no models here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# What is not due by then is a mistake in the calendar or in the time allowed, not a deadline.
LONGEST_SEARCH: Final = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Open from `opens` to `closes` on `weekdays` (0 is Monday), except on `holidays`.

    Raises ValueError, naming the field, for hours in which nobody ever works.
    """

    zone: ZoneInfo
    opens: time
    closes: time
    weekdays: frozenset[int]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if self.closes <= self.opens:
            message = "closes: must be later than opens, on the same day"
            raise ValueError(message)
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            message = "weekdays: name at least one day, from 0 (Monday) to 6 (Sunday)"
            raise ValueError(message)

    def due_at(self, start: datetime, working: timedelta) -> datetime:
        """When `working` time has passed since `start`, in UTC.

        Raises ValueError for negative time, and for more than three years of the calendar hold.
        """
        if working < timedelta(0):
            message = "working: must not be negative"
            raise ValueError(message)
        left = working
        for opened, closed in self._windows(start, start + LONGEST_SEARCH):
            if left <= closed - opened:
                return opened + left
            left -= closed - opened
        message = "holidays: too few business hours are left in the next three years for this work"
        raise ValueError(message)

    def worked_between(self, start: datetime, end: datetime) -> timedelta:
        """Business time from `start` to `end`; zero where `end` is not later."""
        windows = self._windows(start, end)
        return sum((closed - opened for opened, closed in windows), timedelta(0))

    def _windows(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open spans between `start` and `end` in UTC, in order, none of them empty."""
        first, last = start.astimezone(UTC), end.astimezone(UTC)
        day = first.astimezone(self.zone).date()
        while day <= last.astimezone(self.zone).date():
            if day.weekday() in self.weekdays and day not in self.holidays:
                opened = max(first, self._utc(day, self.opens))
                closed = min(last, self._utc(day, self.closes))
                if opened < closed:
                    yield opened, closed
            day += timedelta(days=1)

    def _utc(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC)
