from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from simulator.behaviour import Behaviour
from simulator.clock import Clock, TimeFormat

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WrongClock(Behaviour):
    """Clocks hours or decades off that never listen, and times without or with a wrong zone."""

    name: ClassVar[str] = "wrong_clock"

    def clock(self) -> Clock:
        since_epoch = datetime.now(UTC) - EPOCH
        kinds = (
            Clock(skew=timedelta(hours=2), listens=False),
            Clock(format=TimeFormat.LOCAL_AS_UTC, listens=False),
            Clock(format=TimeFormat.NAIVE),
            Clock(format=TimeFormat.SHORT_OFFSET),
            Clock(skew=-since_epoch, listens=False),  # a clock that was never set
            Clock(skew=timedelta(days=-3), listens=False),
            Clock(format=TimeFormat.OFFSET),
        )
        return kinds[self.number % len(kinds)]
