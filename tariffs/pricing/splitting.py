"""Cuts a usage at every moment that the price may change, so that each piece has one price.

Energy is cut in proportion to time, exactly (fractions, not floats).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tariffs.pricing.restrictions import Moment, times_of_change
from tariffs.pricing.tariff import Snapshot
from tariffs.pricing.usage import Activity, Period, Usage

_MICROSECOND = timedelta(microseconds=1)


def pieces(snapshot: Snapshot, usage: Usage) -> Iterator[Moment]:
    """The moments of the session in order, each priced by what holds at its start."""
    zone = ZoneInfo(snapshot.time_zone)
    energy = Fraction(0)
    idle_since: datetime | None = None
    started_at = _session_start(usage)
    for period in usage.periods:
        if period.activity is not Activity.IDLE:
            idle_since = None
        elif idle_since is None:
            idle_since = period.start
        moment = Moment(period, energy, started_at, idle_since, usage.reservation_expired)
        for piece in _cut(period, _cuts(snapshot, moment, zone)):
            yield replace(moment, period=piece, energy_before_wh=energy)
            energy += Fraction(piece.energy_wh)


def _session_start(usage: Usage) -> datetime:
    """Durations count from the start of charging; reserved time comes before it."""
    for period in usage.periods:
        if period.activity is not Activity.RESERVED:
            return period.start
    return usage.periods[0].start if usage.periods else datetime.min.replace(tzinfo=UTC)


def _cuts(snapshot: Snapshot, moment: Moment, zone: ZoneInfo) -> list[Fraction]:
    """Where to cut the period, as fractions of it, strictly between 0 and 1."""
    period = moment.period
    found: set[Fraction] = set()
    length = (period.end - period.start) // _MICROSECOND
    for element in snapshot.elements:
        if length:
            for at in times_of_change(element, moment, zone):
                found.add(Fraction((at - period.start) // _MICROSECOND, length))
        if period.energy_wh:
            for bound in (element.min_energy_wh, element.max_energy_wh):
                if bound is not None:
                    found.add((bound - moment.energy_before_wh) / Fraction(period.energy_wh))
    return sorted(cut for cut in found if 0 < cut < 1)


def _cut(period: Period, cuts: list[Fraction]) -> Iterator[Period]:
    span = period.end - period.start
    energy = Fraction(period.energy_wh)
    # The mean belongs to the whole period: a cut to whole microseconds must not shift it.
    power = period.power_w
    if power is None and period.mean_power_w is not None:
        power = round(period.mean_power_w)
    edges = [Fraction(0), *cuts, Fraction(1)]
    for begin, end in zip(edges, edges[1:], strict=False):
        yield replace(
            period,
            start=period.start + _part(span, begin),
            end=period.start + _part(span, end),
            energy_wh=energy * (end - begin),
            power_w=power,
        )


def _part(span: timedelta, fraction: Fraction) -> timedelta:
    # Whole microseconds, rounded up: at an energy bound the clock must not be before it.
    return timedelta(microseconds=math.ceil((span // _MICROSECOND) * fraction))
