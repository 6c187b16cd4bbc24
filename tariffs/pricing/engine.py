"""The price of a usage under a snapshot: pure, exact, explained (ocpi.md §9).

Live cost, bill, receipt and CDR are all made by this one function.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from tariffs.pricing.bounds import keep_in_bounds
from tariffs.pricing.matching import component_for
from tariffs.pricing.result import Line, PriceResult, split_tax
from tariffs.pricing.slices import Slice, slices_of
from tariffs.pricing.tariff import Component, Kind, Snapshot
from tariffs.pricing.usage import State, Usage

# What a slice of each state is priced by; FLAT is once for the reserved part and once for the rest.
_DIMENSIONS = {
    State.CHARGING: (Kind.FLAT, Kind.ENERGY, Kind.TIME),
    State.IDLE: (Kind.FLAT, Kind.ENERGY, Kind.PARKING_TIME),
    State.RESERVED: (Kind.FLAT, Kind.TIME),
}
_UNITS = {
    Kind.ENERGY: ("kWh", 1000),
    Kind.TIME: ("h", 3600),
    Kind.PARKING_TIME: ("h", 3600),
    Kind.FLAT: ("session", 1),
}


@dataclass(slots=True)
class _Count:
    """How much one component has priced: Wh, seconds, or 1."""

    component: Component
    element: int
    reserved: bool
    metered: Fraction = field(default_factory=Fraction)
    surplus: Fraction = field(default_factory=Fraction)


# Lines keep the order in which a component was first used.
_Counts = dict[tuple[bool, Kind, int], _Count]


def price(snapshot: Snapshot, usage: Usage) -> PriceResult:
    """Exact lines of what `usage` costs. No rounding: `PriceResult.rounded` does that, once."""
    rules = snapshot.rules
    pieces = list(slices_of(usage, rules, snapshot.time_zone))
    reserved = any(piece.state is State.RESERVED for piece in pieces)
    if not reserved and usage.energy_wh < rules.free_below_wh:
        return PriceResult(rules.currency, waived=True)
    counts, last = _count(pieces, snapshot, expired=usage.reservation_expired)
    _round_up(counts, last)
    lines = [_line(count, snapshot) for count in counts.values()]
    return PriceResult(rules.currency, tuple(keep_in_bounds(lines, rules)))


def _count(
    pieces: Iterable[Slice], snapshot: Snapshot, *, expired: bool
) -> tuple[_Counts, dict[tuple[bool, Kind], _Count]]:
    """What each component priced, and the last one used of each kind."""
    counts: _Counts = {}
    last: dict[tuple[bool, Kind], _Count] = {}
    for piece in pieces:
        reserved = piece.state is State.RESERVED
        for kind in _DIMENSIONS[piece.state]:
            amount = _amount(kind, piece)
            if not amount or (kind is Kind.FLAT and (reserved, kind) in last):
                continue
            found = component_for(kind, piece, snapshot.rules, reservation_expired=expired)
            if found is None:
                continue
            element, component = found
            key = (reserved, kind, element)
            count = counts.setdefault(key, _Count(component, element, reserved))
            count.metered += amount
            last[reserved, kind] = count
    return counts, last


def _amount(kind: Kind, piece: Slice) -> Fraction:
    if kind is Kind.FLAT:
        return Fraction(1)
    return piece.energy_wh if kind is Kind.ENERGY else piece.length_s


def _round_up(counts: _Counts, last: dict[tuple[bool, Kind], _Count]) -> None:
    """Steps, once per session and group; the last component used takes the surplus at its price.

    Priced idle time takes the step of the whole time group: charging time then stays exact.
    """
    stepped = [
        (False, Kind.ENERGY),
        (False, Kind.PARKING_TIME if (False, Kind.PARKING_TIME) in last else Kind.TIME),
        (True, Kind.TIME),
    ]
    for group in stepped:
        if group not in last or not last[group].component.step_size:
            continue
        total = sum((c.metered for key, c in counts.items() if key[:2] == group), Fraction())
        last[group].surplus = -total % last[group].component.step_size


def _line(count: _Count, snapshot: Snapshot) -> Line:
    component = count.component
    unit, per_unit = _UNITS[component.kind]
    quantity = (count.metered + count.surplus) / per_unit
    taxes = snapshot.taxes_of(component)
    net, tax_amounts = split_tax(
        quantity * Fraction(component.price), taxes, included=snapshot.rules.tax_included
    )
    return Line(
        kind=component.kind,
        quantity=quantity,
        metered=count.metered / per_unit,
        unit=unit,
        unit_price=component.price,
        net=net,
        taxes=tax_amounts,
        element=count.element + 1,
        why=_why(count),
    )


def _why(count: _Count) -> str:
    parts = [f"element {count.element + 1}"]
    if count.reserved:
        parts.append("reserved time")
    if count.surplus:
        unit = "Wh" if count.component.kind is Kind.ENERGY else "s"
        parts.append(f"rounded up to steps of {count.component.step_size} {unit}")
    return ", ".join(parts)
