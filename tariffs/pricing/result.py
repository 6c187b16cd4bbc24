"""What it costs: exact lines, and the same lines rounded once each, as a bill shows them.

Exact amounts are `Fraction`: a third of an hour has no exact Decimal, and a live cost, a bill and
a receipt must never differ by how they were added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from tariffs.pricing.tariff import Kind, Tax, TaxCode

ZERO = Fraction()


@dataclass(frozen=True, slots=True)
class TaxAmount:
    code: TaxCode
    percent: Decimal
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """One price of the tariff and how much of it was used.

    `quantity` in `unit` (kWh, h, session) with what a step rounded up; `metered` is without it.
    `element` counts from 1; empty for the lines that keep a total in bounds.
    """

    kind: Kind
    quantity: Fraction
    metered: Fraction
    unit: str
    unit_price: Decimal
    net: Fraction
    taxes: tuple[TaxAmount, ...] = ()
    element: int | None = None
    why: str = ""

    @property
    def tax(self) -> Fraction:
        return sum((tax.amount for tax in self.taxes), ZERO)

    @property
    def gross(self) -> Fraction:
        return self.net + self.tax

    @property
    def tax_percent(self) -> Decimal:
        return sum((tax.percent for tax in self.taxes), Decimal())


@dataclass(frozen=True, slots=True)
class RoundedLine:
    """Minor units. `gross` = `net` + `tax`; `taxes` add up to `tax`."""

    line: Line
    gross: int
    tax: int
    taxes: tuple[tuple[TaxCode, int], ...]

    @property
    def net(self) -> int:
        return self.gross - self.tax


@dataclass(frozen=True, slots=True)
class Rounded:
    lines: tuple[RoundedLine, ...]

    @property
    def total(self) -> int:
        return sum(line.gross for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def net(self) -> int:
        return self.total - self.tax

    def tax_of(self, code: TaxCode) -> int:
        return sum(amount for line in self.lines for name, amount in line.taxes if name is code)


@dataclass(frozen=True, slots=True)
class PriceResult:
    """`lines` add up to the totals exactly. `waived`: too little energy to cost anything."""

    currency: str
    lines: tuple[Line, ...] = ()
    waived: bool = False

    @property
    def total_excl(self) -> Fraction:
        return sum((line.net for line in self.lines), ZERO)

    @property
    def total_incl(self) -> Fraction:
        return sum((line.gross for line in self.lines), ZERO)

    def rounded(self, digits: int) -> Rounded:
        """Each line rounded half-up once, to `digits` after the point (0 for rupiah).

        The line that keeps to a least or highest price takes what is left to it, so that the
        total is the agreed price and not a rupiah beside it.
        """
        lines: list[RoundedLine] = []
        exact, exact_tax = ZERO, ZERO
        for line in self.lines:
            exact, exact_tax = exact + line.gross, exact_tax + line.tax
            if line.kind in {Kind.MIN_PRICE, Kind.MAX_PRICE}:
                gross = to_minor(exact, digits) - sum(other.gross for other in lines)
                tax = to_minor(exact_tax, digits) - sum(other.tax for other in lines)
            else:
                gross, tax = to_minor(line.gross, digits), to_minor(line.tax, digits)
            lines.append(RoundedLine(line, gross, tax, _share_out(tax, line.taxes, digits)))
        return Rounded(tuple(lines))


def _share_out(
    tax: int, taxes: tuple[TaxAmount, ...], digits: int
) -> tuple[tuple[TaxCode, int], ...]:
    """The rounded tax by code; the first one takes the difference."""
    if not taxes:
        return ()
    rest = [(one.code, to_minor(one.amount, digits)) for one in taxes[1:]]
    return ((taxes[0].code, tax - sum(amount for _code, amount in rest)), *rest)


def to_minor(amount: Fraction, digits: int) -> int:
    """Exact major units → minor units, a half away from zero."""
    scaled = abs(amount) * Fraction(10) ** digits
    whole: int = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return whole if amount >= 0 else -whole


def to_decimal(amount: Fraction, places: int = 12) -> Decimal:
    """For display and storage beside the rounded amount: half-up to `places`."""
    with localcontext(prec=60):
        return Decimal(to_minor(amount, places)).scaleb(-places)


def split_tax(
    price: Fraction, taxes: tuple[Tax, ...], *, included: bool
) -> tuple[Fraction, tuple[TaxAmount, ...]]:
    """Net amount and its taxes, of an amount with or without them."""
    percent = sum((Fraction(tax.percent) for tax in taxes), ZERO)
    net = price / (1 + percent / 100) if included else price
    return net, tuple(
        TaxAmount(tax.code, tax.percent, net * Fraction(tax.percent) / 100) for tax in taxes
    )
