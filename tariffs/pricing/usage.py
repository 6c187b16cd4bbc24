"""What was used: periods in the order of time, as the meter told them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction


class State(StrEnum):
    CHARGING = "charging"
    IDLE = "idle"  # connected, not charging: PARKING_TIME
    RESERVED = "reserved"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to the next period's start, or the end of the usage.

    `energy_wh` is what flowed in the period, evenly. `power_w` empty: the average of the period;
    `current_ma` empty: unknown, which meets no lower bound and every upper one.
    """

    start: datetime
    energy_wh: int | Fraction = 0
    state: State = State.CHARGING
    power_w: int | None = None
    current_ma: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Aware datetimes; the first period starts at `started_at` or later, none after `ended_at`.

    `ended_at` of a running session is the present. Raises ValueError for periods out of order or
    negative energy.
    """

    started_at: datetime
    ended_at: datetime
    periods: tuple[Period, ...] = ()
    reservation_expired: bool = False

    def __post_init__(self) -> None:
        before = self.started_at
        for period in self.periods:
            if period.start < before:
                message = f"Period at {period.start} starts before {before}"
                raise ValueError(message)
            if period.energy_wh < 0:
                message = f"Negative energy in the period at {period.start}"
                raise ValueError(message)
            before = period.start
        if self.ended_at < before:
            message = f"Usage ends at {self.ended_at}, before {before}"
            raise ValueError(message)

    @property
    def energy_wh(self) -> Fraction:
        return sum((Fraction(period.energy_wh) for period in self.periods), Fraction())
