"""Which element prices what (OCPI 2.2.1 §11.4.6 and ocpi.md §9, steps 1, 2 and 8)."""

from __future__ import annotations

from datetime import datetime, time
from fractions import Fraction

from tariffs.pricing.slices import Slice
from tariffs.pricing.tariff import Component, Kind, Reservation, Restrictions, Rules
from tariffs.pricing.usage import State

_MIDNIGHT = time(0)


def component_for(
    kind: Kind, piece: Slice, rules: Rules, *, reservation_expired: bool
) -> tuple[int, Component] | None:
    """The first element, by its index, that has a component of `kind` and matches at the start."""
    for wanted in _reservations(piece.state, expired=reservation_expired):
        for index, element in enumerate(rules.elements):
            component = element.component(kind)
            if component is None or element.restrictions.reservation is not wanted:
                continue
            if matches(element.restrictions, piece):
                return index, component
    return None


def _reservations(state: State, *, expired: bool) -> tuple[Reservation | None, ...]:
    """Elements of which reservation rule apply, the better ones first."""
    if state is not State.RESERVED:
        return (None,)
    if expired:
        return (Reservation.RESERVATION_EXPIRES, Reservation.RESERVATION)
    return (Reservation.RESERVATION,)


def matches(rule: Restrictions, piece: Slice) -> bool:
    """Whether all restrictions but `reservation` hold at the start of `piece`."""
    if rule.are_none:
        return True
    current = None if piece.current_ma is None else Fraction(piece.current_ma)
    return (
        _on_time(rule, piece.local)
        and _on_date(rule, piece.local)
        and _between(rule.min_energy_wh, piece.energy_before_wh, rule.max_energy_wh)
        and _between(rule.min_power_w, piece.power_w, rule.max_power_w)
        and _between(rule.min_current_ma, current, rule.max_current_ma)
        and _between(rule.min_duration_s, piece.offset_s, rule.max_duration_s)
        and _between(rule.min_idle_s, piece.idle_before_s, None)
    )


def _between(low: int | None, value: Fraction | None, high: int | None) -> bool:
    if value is None:
        return low is None
    return (low is None or low <= value) and (high is None or value < high)


def _on_time(rule: Restrictions, local: datetime) -> bool:
    start, end = rule.start_time or _MIDNIGHT, rule.end_time or _MIDNIGHT
    if start == end:
        # Both midnight or not given: the whole day. Otherwise undefined, and read so, too.
        return True
    now = local.time()
    if end == _MIDNIGHT:
        return start <= now
    if start < end:
        return start <= now < end
    return now >= start or now < end


def _on_date(rule: Restrictions, local: datetime) -> bool:
    today = local.date()
    return (
        (rule.start_date is None or rule.start_date <= today)
        and (rule.end_date is None or today < rule.end_date)
        and (not rule.days or today.isoweekday() in rule.days)
    )
