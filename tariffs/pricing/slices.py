"""Cuts usage at every moment that may change a price, so that each slice has one price."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tariffs.pricing.clock import clock_moments
from tariffs.pricing.tariff import Restrictions, Rules
from tariffs.pricing.usage import Period, State, Usage

_MICROSECOND = timedelta(microseconds=1)
_MIDNIGHT = time(0)
_ZERO = Fraction()


@dataclass(frozen=True, slots=True)
class Slice:
    """A piece of usage and where it stands in the session. `local` is its start, by the location.

    `offset_s` seconds since the session's start, `energy_before_wh` so far, `idle_before_s` since
    charging last ended. `power_w` is 0 where no element of the tariff asks for it.
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
    by_power: bool

    def may_cut(self, state: State) -> bool:
        """Whether anything but the clock may cut a slice of `state`."""
        return bool(self.durations or self.energies or (self.idle and state is State.IDLE))

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
            by_power=bool(_named(every, "min_power_w", "max_power_w")),
        )


def _named(every: list[Restrictions], *names: str) -> frozenset[int]:
    values = (getattr(one, name) for one in every for name in names)
    return frozenset(value for value in values if value is not None)


def slices_of(usage: Usage, rules: Rules, time_zone: str) -> Iterator[Slice]:
    """The whole usage as slices; their lengths and energies add up to it exactly."""
    cuts, zone = Cuts.of(rules), ZoneInfo(time_zone)
    clock = _clock_times(usage, cuts, zone)
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
            power_w=_power(period, length) if cuts.by_power else _ZERO,
            current_ma=period.current_ma,
        )
        times = clock[bisect_right(clock, period.start) : bisect_left(clock, end)]
        if times or cuts.may_cut(period.state):
            moments = [_seconds(moment - usage.started_at) for moment in times]
            yield from _cut(whole, _places(whole, cuts, moments), zone)
        else:
            yield whole
        energy += whole.energy_wh
        idle += length if is_idle else 0


def _seconds(span: timedelta) -> Fraction:
    return Fraction(span // _MICROSECOND, 1_000_000)


def _power(period: Period, length: Fraction) -> Fraction:
    if period.power_w is not None:
        return Fraction(period.power_w)
    return Fraction(period.energy_wh) * 3600 / length if length else Fraction()


def _clock_times(usage: Usage, cuts: Cuts, zone: ZoneInfo) -> list[datetime]:
    """When the clock may change a price, in order."""
    if not cuts.follow_the_clock:
        return []
    return sorted(set(clock_moments(usage.started_at, usage.ended_at, cuts.times, zone)))


def _places(whole: Slice, cuts: Cuts, moments: list[Fraction]) -> list[Fraction]:
    """Where to cut, as shares of the slice between 0 and 1; `moments` are inside of it."""
    begin, length = whole.offset_s, whole.length_s
    seconds: list[Fraction] = [d - begin for d in cuts.durations if begin < d < begin + length]
    seconds += [moment - begin for moment in moments]
    if whole.state is State.IDLE:
        idle = whole.idle_before_s
        seconds += [d - idle for d in cuts.idle if idle < d < idle + length]
    places = {since / length for since in seconds}
    energy, before = whole.energy_wh, whole.energy_before_wh
    places |= {(e - before) / energy for e in cuts.energies if before < e < before + energy}
    return sorted(places)


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
