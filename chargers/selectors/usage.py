"""What a session used, as the price engine reads it: periods of charging and idling."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chargers.models import ChargingSession, MeterReading
from chargers.store.readings import DOUBT_KWH
from tariffs.pricing import Period, State, Usage
from unievp.lib import clock

# What a charger itself draws is no charging.
IDLE_BELOW_W: Final = 50
# Shorter periods of one state become one: a price needs no finer curve, and a day of readings
# every few seconds stays cheap.
FINEST: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Point:
    """Energy since the start at one time; `power_w` and `current_ma` unknown: None."""

    at: datetime
    energy_wh: int
    power_w: int | None
    current_ma: int | None = None


def usage_of(session: ChargingSession, *, now: datetime | None = None) -> Usage:
    """The usage of one session; of a running one until `now`."""
    return usages_of([session], now=now)[session.pk]


def usages_of(
    sessions: Sequence[ChargingSession], *, now: datetime | None = None
) -> dict[int, Usage]:
    """The usage of each session, by one query. Its energy is the session's, to the Wh.

    Between two readings without energy and without power the car idles. Without readings all
    energy flowed in one period. Readings outside the session's time, or above its energy, say
    nothing here.
    """
    now = now or clock.now()
    readings: defaultdict[int, list[MeterReading]] = defaultdict(list)
    for reading in _readings_of(sessions, now):
        readings[reading.session_id or 0].append(reading)
    return {session.pk: _usage(session, readings[session.pk], now) for session in sessions}


def _readings_of(sessions: Sequence[ChargingSession], now: datetime) -> Iterable[MeterReading]:
    if not sessions:
        return ()
    return (
        MeterReading.objects.filter(
            session_id__in=[session.pk for session in sessions],
            # Spares the database the partitions of other months.
            measured_at__gte=min(session.started_at for session in sessions),
            measured_at__lte=max(session.ended_at or now for session in sessions),
        )
        .order_by("measured_at", "id")
        .only(
            "session_id",
            "measured_at",
            "energy_wh",
            "interval_wh",
            "power_w",
            "current_ma",
            "adjustments",
        )
    )


def _usage(session: ChargingSession, readings: list[MeterReading], now: datetime) -> Usage:
    start = session.started_at
    end = max(session.ended_at or now, start)
    points = [_Point(start, 0, None), *_points(session, readings, end)]
    points.append(_Point(end, session.energy_wh, points[-1].power_w, points[-1].current_ma))
    return Usage(start, end, tuple(_merged(_periods(points))))


def _points(
    session: ChargingSession, readings: list[MeterReading], end: datetime
) -> Iterable[_Point]:
    """Readings inside the session, their energy never falling."""
    has_register = any(reading.energy_wh is not None for reading in readings)
    energy = summed = 0
    for reading in readings:
        summed += reading.interval_wh or 0
        gained = _gained(session, reading) if has_register else summed
        if gained is not None and gained <= session.energy_wh:
            energy = max(energy, gained)
        if session.started_at < reading.measured_at < end:
            yield _Point(reading.measured_at, energy, reading.power_w, reading.current_ma)


def _gained(session: ChargingSession, reading: MeterReading) -> int | None:
    """As `chargers.store.readings` judges a register: of the meter, or of the session itself."""
    register_wh = reading.energy_wh
    if register_wh is None or DOUBT_KWH in (reading.adjustments or ()):
        return None
    if register_wh >= session.meter_start_wh:
        return register_wh - session.meter_start_wh
    return register_wh if register_wh < session.meter_start_wh // 2 else None


def _periods(points: list[_Point]) -> Iterable[tuple[Period, datetime]]:
    """Each period and its end. Readings of one instant make no period: their energy is in it."""
    only_ends = len(points) == len(("start", "end"))
    before = points[0]
    for index, point in enumerate(points[1:], start=1):
        is_last = index == len(points) - 1
        if point.at == before.at and not is_last:
            continue
        energy = point.energy_wh - before.energy_wh
        charging = energy > 0 or (point.power_w or 0) > IDLE_BELOW_W or only_ends
        state = State.CHARGING if charging else State.IDLE
        # What is measured at its end stands for the whole of it.
        yield Period(before.at, energy, state, current_ma=point.current_ma), point.at
        before = point


def _merged(periods: Iterable[tuple[Period, datetime]]) -> Iterable[Period]:
    """Neighbours of one state that are shorter than FINEST together, and all idle ones."""
    current: Period | None = None
    for period, ends_at in periods:
        if current is None:
            current = period
        elif current.state is period.state and (
            current.state is State.IDLE or ends_at - current.start <= FINEST
        ):
            energy = current.energy_wh + period.energy_wh
            known = [one.current_ma for one in (current, period) if one.current_ma is not None]
            most = max(known, default=None)
            current = Period(current.start, energy, current.state, current_ma=most)
        else:
            yield current
            current = period
    if current is not None:
        yield current
