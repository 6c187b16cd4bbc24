"""An operator's costs beside ours, by dimension, without and with tax.

Each line may be rounded once: costs agree within one minor unit per line that they sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ocpi.services.foreign.checking.recomputing import PLACES, Recomputed
from tariffs.pricing import Kind, Line, to_decimal

_COSTS: Final = {
    "total_fixed_cost": Kind.FLAT,
    "total_energy_cost": Kind.ENERGY,
    "total_time_cost": Kind.TIME,
    "total_parking_cost": Kind.PARKING_TIME,
}
# Four places of a kWh per period; hours are printed in as many.
_KWH: Final = Decimal("0.0011")
_HOURS: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Difference:
    what: str
    theirs: Decimal | None
    ours: Decimal | None
    why: str = ""


def compare(body: dict[str, Any], ours: Recomputed) -> list[Difference]:
    """What an operator's CDR says otherwise than our sum; empty: it agrees."""
    found = [Difference("tariff", None, None, note) for note in ours.notes]
    found += _volumes(body, ours)
    found += _cost(body, "total_cost", list(ours.result.lines), ours)
    for name, kind in _COSTS.items():
        found += _cost(body, name, _lines(ours, _of_kind(kind)), ours)
    found += _cost(body, "total_reservation_cost", _lines(ours, lambda *one: one[1]), ours)
    return found


def _volumes(body: dict[str, Any], ours: Recomputed) -> Iterator[Difference]:
    """The sum of the periods, and the length of the session, are the totals that it names."""
    kwh = to_decimal(ours.usage.energy_wh / 1000, PLACES)
    told = Decimal(body["total_energy"])
    if abs(kwh - told) > _KWH * max(1, len(body["charging_periods"])):
        yield Difference("total_energy", told, kwh, "the sum of its charging periods")
    seconds = Decimal((ours.usage.ended_at - ours.usage.started_at).total_seconds())
    reserved = any(
        one.get("type") == "RESERVATION_TIME"
        for period in body["charging_periods"]
        for one in period.get("dimensions") or ()
    )
    hours, told = round(seconds / 3600, PLACES), Decimal(body["total_time"])
    if not reserved and abs(hours - told) > _HOURS:
        yield Difference("total_time", told, hours, "from its start to its end")


def _cost(
    body: dict[str, Any], name: str, lines: list[Line], ours: Recomputed
) -> Iterator[Difference]:
    told = body.get(name)
    if isinstance(told, list) and len(told) == 1:
        # Some peers wrap single objects.
        told = told[0]
    if not isinstance(told, dict):
        # Optional but for the total; what it costs stands in the total all the same.
        return
    exact = {
        "excl_vat": sum((line.net for line in lines), start=0 * ours.result.total_excl),
        "incl_vat": sum((line.gross for line in lines), start=0 * ours.result.total_incl),
    }
    allowed = Decimal(max(1, len(lines))).scaleb(-ours.digits)
    for side, amount in exact.items():
        theirs = told.get(side)
        mine = to_decimal(amount, PLACES)
        if theirs is None or not isinstance(theirs, int | Decimal):
            continue
        if abs(Decimal(theirs) - mine) > allowed:
            yield Difference(f"{name}.{side}", Decimal(theirs), mine, _why(lines))


def _lines(ours: Recomputed, wanted: Callable[[Line, bool], bool]) -> list[Line]:
    elements = ours.snapshot.rules.elements
    return [
        line
        for line in ours.result.lines
        if wanted(
            line,
            line.element is not None
            and elements[line.element - 1].restrictions.reservation is not None,
        )
    ]


def _of_kind(kind: Kind) -> Callable[[Line, bool], bool]:
    return lambda line, reserved: line.kind is kind and not reserved


def _why(lines: list[Line]) -> str:
    """How we come to it: `11.25 kWh x 2440 (element 1)`."""
    return "; ".join(
        f"{_plain(line.quantity)} {line.unit} x {_plain(line.unit_price)} ({line.why})"
        for line in lines
    )


def _plain(value: Any) -> str:
    text = f"{to_decimal(value, 4) if not isinstance(value, Decimal) else value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
