"""Uptime from periods, as the US programme for public charging counts it (23 CFR 680.116 b).

    uptime = (T - (outage - excluded)) / T

T is the time in which the connector is known; an outage is the time it could not be used;
maintenance that we ordered is excluded, or not, as the contract says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo

from chargers.selectors.availability.tiling import Cause, Period

_NONE = timedelta()
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Uptime:
    """Times by cause; they add up to the time that was looked at. Uptimes can be added."""

    available: timedelta = _NONE
    maintenance: timedelta = _NONE
    network: timedelta = _NONE
    charger: timedelta = _NONE
    unknown: timedelta = _NONE

    @classmethod
    def of(cls, periods: Iterable[Period]) -> Uptime:
        times = dict.fromkeys(Cause, _NONE)
        for period in periods:
            times[period.cause] += period.length
        return cls(**{cause.value: time for cause, time in times.items()})

    def __add__(self, other: Uptime) -> Uptime:
        return Uptime(
            self.available + other.available,
            self.maintenance + other.maintenance,
            self.network + other.network,
            self.charger + other.charger,
            self.unknown + other.unknown,
        )

    @property
    def known(self) -> timedelta:
        return self.available + self.maintenance + self.network + self.charger

    @property
    def total(self) -> timedelta:
        return self.known + self.unknown

    def percent(self, *, exclude_maintenance: bool = True) -> Decimal | None:
        """With two decimals, cut and not rounded: 100.00 means always. None: nothing is known."""
        if not self.known:
            return None
        up = self.available + (self.maintenance if exclude_maintenance else _NONE)
        share = Decimal(up // _MICROSECOND) * 100 / Decimal(self.known // _MICROSECOND)
        return share.quantize(Decimal("0.01"), ROUND_DOWN)


def local_days(zone: str, first: date, last: date) -> tuple[datetime, datetime]:
    """From the beginning of `first` to the end of `last` in `zone`, as UTC.

    A day in which the clocks change has 23 or 25 hours.
    """
    place = ZoneInfo(zone)
    begin = datetime(first.year, first.month, first.day, tzinfo=place)
    after = last + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=place)
    return begin.astimezone(UTC), end.astimezone(UTC)
