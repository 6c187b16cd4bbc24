"""What a session would cost that somebody only describes: the same `price()`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tariffs.pricing import Period, PriceResult, Snapshot, State, Usage, price

# What most cars take from a wall.
USUAL_POWER_W: Final = 7_000


@dataclass(frozen=True, slots=True)
class Described:
    """`starts_at` without an offset is the location's time. `charging_s` empty: by `power_w`."""

    energy_wh: int
    starts_at: datetime
    charging_s: int | None = None
    idle_s: int = 0
    power_w: int = USUAL_POWER_W

    @property
    def duration_s(self) -> int:
        if self.charging_s is not None:
            return self.charging_s
        return -(-self.energy_wh * 3600 // self.power_w)


def usage_of(session: Described, time_zone: str) -> Usage:
    """Even charging, then idling."""
    start = session.starts_at
    if start.tzinfo is None:
        start = start.replace(tzinfo=ZoneInfo(time_zone))
    # Lengths are real time, also over a change of the clock.
    start = start.astimezone(ZoneInfo("UTC"))
    ended = start + timedelta(seconds=session.duration_s)
    periods = [Period(start, session.energy_wh)]
    if session.idle_s:
        periods.append(Period(ended, 0, State.IDLE))
    return Usage(start, ended + timedelta(seconds=session.idle_s), tuple(periods))


def preview(snapshot: Snapshot, session: Described) -> PriceResult:
    return price(snapshot, usage_of(session, snapshot.time_zone))
