"""Usage as charging periods (OCPI 2.2.1 §10.4.6): a new one wherever another price begins.

Made of the price engine's own slices, so that a receiver who prices each period at its start comes
to our total. Neighbours of one price become one period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from ocpi.wire.json import without_none
from tariffs.pricing import Kind, Restrictions, Snapshot, State, Usage, price, to_decimal
from tariffs.pricing.matching import component_for
from tariffs.pricing.slices import Slice, slices_of

PLACES: Final = 6
_TIME: Final = {
    State.CHARGING: "TIME",
    State.IDLE: "PARKING_TIME",
    State.RESERVED: "RESERVATION_TIME",
}
_KINDS: Final = {
    State.CHARGING: (Kind.FLAT, Kind.ENERGY, Kind.TIME),
    State.IDLE: (Kind.FLAT, Kind.ENERGY, Kind.PARKING_TIME),
    State.RESERVED: (Kind.FLAT, Kind.TIME),
}


@dataclass(slots=True)
class _Group:
    """Neighbouring slices that every element of the tariff prices alike."""

    key: tuple[Any, ...]
    start: datetime
    state: State
    is_priced: bool
    energy_wh: Fraction = field(default_factory=Fraction)
    length_s: Fraction = field(default_factory=Fraction)
    power_w: list[Fraction] = field(default_factory=list)
    current_ma: list[int] = field(default_factory=list)

    def add(self, piece: Slice) -> None:
        self.energy_wh += piece.energy_wh
        self.length_s += piece.length_s
        self.power_w.append(piece.power_w)
        if piece.current_ma is not None:
            self.current_ma.append(piece.current_ma)


def charging_periods(snapshot: Snapshot, usage: Usage, tariff_id: str) -> list[dict[str, Any]]:
    """ChargingPeriod objects; their volumes add up to the usage, rounding included.

    A period that costs nothing by a rule of ours that OCPI cannot say names no tariff.
    """
    rules = snapshot.rules
    waived = price(snapshot, usage).waived
    limits = [element.restrictions for element in rules.elements]
    by_power = any(one.min_power_w is not None or one.max_power_w is not None for one in limits)
    by_current = any(
        one.min_current_ma is not None or one.max_current_ma is not None for one in limits
    )
    energy, hours = _Sum(1000), {state: _Sum(3600) for state in State}
    periods = []
    for group in _groups(snapshot, usage):
        kwh, length = energy.add(group.energy_wh), hours[group.state].add(group.length_s)
        dimensions = [
            *([{"type": "ENERGY", "volume": kwh}] if kwh else []),
            {"type": _TIME[group.state], "volume": length},
            *(_range("POWER", group.power_w) if by_power else []),
            *(_range("CURRENT", group.current_ma) if by_current else []),
        ]
        periods.append(
            without_none(
                {
                    "start_date_time": group.start,
                    "dimensions": dimensions,
                    "tariff_id": tariff_id if group.is_priced and not waived else None,
                }
            )
        )
    return periods


class _Sum:
    """Rounds the running total, so that the parts add up to the rounded whole."""

    def __init__(self, per_unit: int) -> None:
        self._per_unit = per_unit
        self._exact = Fraction()
        self._told = Decimal()

    def add(self, amount: Fraction) -> Decimal:
        self._exact += amount
        total = to_decimal(self._exact / self._per_unit, PLACES)
        part, self._told = total - self._told, total
        return part


def _groups(snapshot: Snapshot, usage: Usage) -> Iterator[_Group]:
    current: _Group | None = None
    for piece in slices_of(usage, snapshot.rules, snapshot.time_zone):
        if not piece.length_s and not piece.energy_wh:
            continue
        prices = tuple(
            _index(kind, piece, snapshot, expired=usage.reservation_expired)
            for kind in _KINDS[piece.state]
        )
        # What a receiver sees of a merged period is its start and its extremes: slices that differ
        # in which limits of power or current they meet stay apart.
        meets = tuple(_meets(element.restrictions, piece) for element in snapshot.rules.elements)
        key = (piece.state, prices, meets)
        if current is None or current.key != key:
            if current is not None:
                yield current
            start = piece.local.astimezone(UTC)
            is_priced = any(index is not None for index in prices)
            current = _Group(key, start, piece.state, is_priced)
        current.add(piece)
    if current is not None:
        yield current


def _index(kind: Kind, piece: Slice, snapshot: Snapshot, *, expired: bool) -> int | None:
    found = component_for(kind, piece, snapshot.rules, reservation_expired=expired)
    return None if found is None else found[0]


def _meets(rule: Restrictions, piece: Slice) -> tuple[bool, bool]:
    return (
        _between(rule.min_power_w, piece.power_w, rule.max_power_w),
        _between(rule.min_current_ma, piece.current_ma, rule.max_current_ma),
    )


def _between(low: int | None, value: Fraction | int | None, high: int | None) -> bool:
    if value is None:
        return low is None
    return (low is None or low <= value) and (high is None or value < high)


def _range(what: str, values: Iterable[Fraction | int]) -> list[dict[str, Any]]:
    found = list(values)
    if not found:
        return []
    return [
        {"type": f"{side}_{what}", "volume": to_decimal(Fraction(choose(found)) / 1000, PLACES)}
        for side, choose in (("MIN", min), ("MAX", max))
    ]
