"""A profile that is not sent but kept: the most that it allows now, and when that changes."""

from __future__ import annotations

from datetime import datetime

from chargers.smart_charging.profiles import Profile
from chargers.smart_charging.units import Supply


def most_at(profile: Profile, at: datetime, supply: Supply) -> int | None:
    """MA per phase, rounded down; None where it says nothing. Its schedule has a start."""
    period = profile.period_at(at, at)
    if period is None:
        return None
    return int(supply.convert(period.limit, profile.unit, "A") * 1000)


def changes(profile: Profile, begin: datetime, end: datetime) -> list[datetime]:
    """The moments in (begin, end) at which it may say something else, in order."""
    return sorted(profile.turning_points(begin, end, begin) | _start(profile, begin, end))


def _start(profile: Profile, begin: datetime, end: datetime) -> set[datetime]:
    at = profile.start_at
    return {at} if at is not None and begin < at < end else set()
