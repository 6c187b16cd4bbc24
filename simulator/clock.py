"""Two times: the simulated one that cars and drivers live in, and the one a charger's clock shows.

`Pace` makes the first run faster than the world. `Clock` is a charger's own: it shows the wall time
plus what it is wrong by, and writes it the way its firmware writes it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from random import Random


def seeded(*parts: object) -> Random:
    """A generator that gives the same numbers for the same parts, in every process."""
    return Random("/".join(str(part) for part in parts))  # noqa: S311  (reproducible, not secret)


class Pace:
    """Simulated milliseconds since the start, `speed` of them for each real one."""

    def __init__(self, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        if not speed > 0:
            message = "the speed must be above 0"
            raise ValueError(message)
        self.speed = speed
        self._monotonic = monotonic
        self._began = monotonic()

    def now_ms(self) -> int:
        return int((self._monotonic() - self._began) * self.speed * 1000)

    def real(self, seconds: float) -> float:
        """How many real seconds so many simulated ones take."""
        return seconds / self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(self.real(seconds))


class TimeFormat(Enum):
    """How firmwares of the field write a time."""

    UTC = "utc"  # 2026-01-31T04:05:06.789Z
    OFFSET = "offset"  # …+07:00
    SHORT_OFFSET = "short-offset"  # …+07
    NAIVE = "naive"  # local time, no zone
    LOCAL_AS_UTC = "local-as-utc"  # local time that claims to be UTC


LOCAL = timedelta(hours=7)


@dataclass
class Clock:
    """A charger's clock; `skew` is what it is wrong by until the central system sets it."""

    skew: timedelta = timedelta(0)
    listens: bool = True
    format: TimeFormat = TimeFormat.UTC
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)

    def now(self) -> datetime:
        """What the clock believes to be UTC."""
        return self.wall() + self.skew

    def stamp(self) -> str:
        return self.write(self.now())

    def write(self, moment: datetime) -> str:
        """A UTC time in this clock's format, to the millisecond."""
        if self.format is TimeFormat.UTC:
            return _milliseconds(moment) + "Z"
        local = _milliseconds(moment + LOCAL)
        if self.format is TimeFormat.OFFSET:
            return local + "+07:00"
        if self.format is TimeFormat.SHORT_OFFSET:
            return local + "+07"
        return local + ("Z" if self.format is TimeFormat.LOCAL_AS_UTC else "")

    def set(self, current_time: object) -> None:
        """Take over the central system's time; a clock that does not listen stays wrong."""
        if not self.listens or not isinstance(current_time, str):
            return
        try:
            told = datetime.fromisoformat(current_time)
        except ValueError:
            return
        drift = (told if told.tzinfo else told.replace(tzinfo=UTC)) - self.wall()
        # The answer travelled and has whole seconds: less than that is no drift.
        self.skew = drift if abs(drift) > timedelta(seconds=2) else timedelta(0)


def _milliseconds(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
