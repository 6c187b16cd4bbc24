"""Least and highest price: one more line that takes the total there (ocpi.md §9, step 6)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from tariffs.pricing.result import ZERO, Line, TaxAmount
from tariffs.pricing.tariff import Bound, Kind, Rules, TaxCode


def keep_in_bounds(lines: list[Line], rules: Rules) -> list[Line]:
    """`lines`, and where a bound is crossed a line with the difference."""
    kept = _apply(lines, rules.min_price, Kind.MIN_PRICE, max)
    return _apply(kept, rules.max_price, Kind.MAX_PRICE, min)


def _apply(
    lines: list[Line],
    bound: Bound | None,
    kind: Kind,
    choose: Callable[[Fraction, Fraction], Fraction],
) -> list[Line]:
    if bound is None:
        return lines
    excl = sum((line.net for line in lines), ZERO)
    incl = sum((line.gross for line in lines), ZERO)
    new_excl = excl if bound.excl is None else choose(excl, Fraction(bound.excl))
    new_incl = incl if bound.incl is None else choose(incl, Fraction(bound.incl))
    # A side that is not given keeps its proportion to the other one.
    if bound.incl is None:
        new_incl = new_excl * (incl / excl if excl else 1)
    if bound.excl is None:
        new_excl = new_incl * (excl / incl if incl else 1)
    # Tax is never below 0, whatever two sides were agreed.
    if kind is Kind.MAX_PRICE:
        new_excl = min(new_excl, new_incl)
    else:
        new_incl = max(new_incl, new_excl)
    net, tax = new_excl - excl, (new_incl - new_excl) - (incl - excl)
    if not net and not tax:
        return lines
    agreed = bound.incl if bound.incl is not None else bound.excl
    return [
        *lines,
        Line(
            kind=kind,
            quantity=Fraction(1),
            metered=Fraction(1),
            unit="session",
            unit_price=agreed or Decimal(),
            net=net,
            taxes=_taxes(lines, tax),
            why="least price" if kind is Kind.MIN_PRICE else "highest price",
        ),
    ]


def _taxes(lines: list[Line], tax: Fraction) -> tuple[TaxAmount, ...]:
    """The difference in tax, shared in the proportion of the taxes that are there already."""
    if not tax:
        return ()
    known: dict[TaxCode, Fraction] = {}
    for line in lines:
        for one in line.taxes:
            known[one.code] = known.get(one.code, ZERO) + one.amount
    whole = sum(known.values(), ZERO)
    if not whole:
        return (TaxAmount(TaxCode.VAT, Decimal(), tax),)
    return tuple(TaxAmount(code, Decimal(), tax * part / whole) for code, part in known.items())
