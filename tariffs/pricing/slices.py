"""Cuts usage at every moment that may change a price, so that each slice has one price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tariffs.pricing.tariff import Restrictions, Rules
from tariffs.pricing.usage import Period, State, Usage

_MICROSECOND = timedelta(microseconds=1)
_MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Slice:
    """A piece of usage and where it stands in the session. `local` is its start, by the location.

    `offset_s` seconds since the session's start, `energy_before_wh` so far, `idle_before_s` since
    charging last ended.
    """

    state: State
    local: datetime
    offset_s: Fraction
    length_s: Fraction
    energy_before_wh: Fraction
    energy_wh: Fraction
    idle_before_s: Fraction
    power_w: Fraction
    current_ma: int | None


@dataclass(frozen=True, slots=True)
class Cuts:
    """Every threshold that any element of a tariff names."""

    durations: frozenset[int]
    energies: frozenset[int]
    idle: frozenset[int]
    times: frozenset[time]
    follow_the_clock: bool

    @classmethod
    def of(cls, rules: Rules) -> Cuts:
        every = [element.restrictions for element in rules.elements]
        return cls(
            durations=_named(every, "min_duration_s", "max_duration_s"),
            energies=_named(every, "min_energy_wh", "max_energy_wh"),
            idle=_named(every, "min_idle_s"),
            times=frozenset(
                {_MIDNIGHT}
                | {t for one in every for t in (one.start_time, one.end_time) if t is not None}
            ),
            follow_the_clock=any(one.follow_the_clock for one in every),
        )


def _named(every: list[Restrictions], *names: str) -> frozenset[int]:
    values = (getattr(one, name) for one in every for name in names)
    return frozenset(value for value in values if value is not None)


def slices_of(usage: Usage, rules: Rules, time_zone: str) -> Iterator[Slice]:
    """The whole usage as slices; their lengths and energies add up to it exactly."""
    cuts, zone = Cuts.of(rules), ZoneInfo(time_zone)
    energy = Fraction()
    idle = Fraction()
    ends = [period.start for period in usage.periods[1:]] + [usage.ended_at]
    for period, end in zip(usage.periods, ends, strict=False):
        is_idle = period.state is State.IDLE
        idle = idle if is_idle else Fraction()
        offset, length = _seconds(period.start - usage.started_at), _seconds(end - period.start)
        whole = Slice(
            state=period.state,
            local=period.start.astimezone(zone),
            offset_s=offset,
            length_s=length,
            energy_before_wh=energy,
            energy_wh=Fraction(period.energy_wh),
            idle_before_s=idle,
            power_w=_power(period, length),
            current_ma=period.current_ma,
        )
        yield from _cut(whole, _places(whole, end, cuts, zone), zone)
        energy += whole.energy_wh
        idle += length if is_idle else 0


def _seconds(span: timedelta) -> Fraction:
    return Fraction(span // _MICROSECOND, 1_000_000)


def _power(period: Period, length: Fraction) -> Fraction:
    if period.power_w is not None:
        return Fraction(period.power_w)
    return Fraction(period.energy_wh) * 3600 / length if length else Fraction()


def _places(whole: Slice, end: datetime, cuts: Cuts, zone: ZoneInfo) -> list[Fraction]:
    """Where to cut, as shares of the slice between 0 and 1."""
    places: set[Fraction] = set()
    if whole.length_s:
        starts = [Fraction(d) - whole.offset_s for d in cuts.durations]
        if whole.state is State.IDLE:
            starts += [Fraction(d) - whole.idle_before_s for d in cuts.idle]
        if cuts.follow_the_clock:
            begin = whole.local.astimezone(UTC)
            moments = _clock_moments(begin, end, cuts.times, zone)
            starts += [_seconds(moment - begin) for moment in moments]
        places |= {start / whole.length_s for start in starts}
    if whole.energy_wh:
        places |= {(e - whole.energy_before_wh) / whole.energy_wh for e in cuts.energies}
    return sorted(place for place in places if 0 < place < 1)


def _cut(whole: Slice, places: list[Fraction], zone: ZoneInfo) -> Iterator[Slice]:
    if not places:
        yield whole
        return
    begin = whole.local.astimezone(UTC)
    idle, is_idle = whole.idle_before_s, whole.state is State.IDLE
    for start, end in zip([Fraction(), *places], [*places, Fraction(1)], strict=True):
        since = start * whole.length_s
        yield Slice(
            state=whole.state,
            local=(begin + _span(since)).astimezone(zone),
            offset_s=whole.offset_s + since,
            length_s=(end - start) * whole.length_s,
            energy_before_wh=whole.energy_before_wh + start * whole.energy_wh,
            energy_wh=(end - start) * whole.energy_wh,
            idle_before_s=idle + since if is_idle else idle,
            power_w=whole.power_w,
            current_ma=whole.current_ma,
        )


def _span(seconds: Fraction) -> timedelta:
    return timedelta(microseconds=int(seconds * 1_000_000))


def _clock_moments(
    begin: datetime, end: datetime, times: frozenset[time], zone: ZoneInfo
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
