"""A price as the costs of a CDR (OCPI 2.2.1 §10.3): by dimension, without and with tax.

Each line of the bill is rounded once; a cost is the sum of its lines: costs and bill agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from ocpi.wire.json import without_none
from tariffs.pricing import Kind, PriceResult, RoundedLine, Snapshot


def costs(result: PriceResult, snapshot: Snapshot, digits: int) -> dict[str, Any]:
    """`total_cost`, and the cost of each dimension that was priced; `digits` of the currency."""
    lines = result.rounded(digits).lines
    elements = snapshot.rules.elements

    def is_reserved(line: RoundedLine) -> bool:
        number = line.line.element
        return number is not None and elements[number - 1].restrictions.reservation is not None

    def total(wanted: Callable[[RoundedLine], bool]) -> dict[str, Decimal] | None:
        return cost_of([line for line in lines if wanted(line)], digits)

    def of_kind(kind: Kind) -> dict[str, Decimal] | None:
        return total(lambda line: line.line.kind is kind and not is_reserved(line))

    return without_none(
        {
            "total_cost": cost_of(lines, digits) or amount(0, 0, digits),
            "total_fixed_cost": of_kind(Kind.FLAT),
            "total_energy_cost": of_kind(Kind.ENERGY),
            "total_time_cost": of_kind(Kind.TIME),
            "total_parking_cost": of_kind(Kind.PARKING_TIME),
            "total_reservation_cost": total(is_reserved),
        }
    )


def cost_of(lines: Iterable[RoundedLine], digits: int) -> dict[str, Decimal] | None:
    """The Price of these lines; None for none."""
    found = list(lines)
    if not found:
        return None
    return amount(sum(line.net for line in found), sum(line.gross for line in found), digits)


def amount(net: int, gross: int, digits: int) -> dict[str, Decimal]:
    """Minor units → a Price."""
    return {"excl_vat": Decimal(net).scaleb(-digits), "incl_vat": Decimal(gross).scaleb(-digits)}
