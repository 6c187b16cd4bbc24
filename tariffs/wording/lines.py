"""Lines of a price as people read them, for pages that show no bill."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tariffs.pricing import Kind, Rounded, RoundedLine, to_decimal
from tariffs.wording.numbers import format_number, format_rate
from unievp.lib.money import format_money

_MINUTES = 60
KIND_NAMES: dict[Kind, Promise | str] = {
    Kind.ENERGY: gettext_lazy("Energy"),
    Kind.TIME: gettext_lazy("Charging time"),
    Kind.PARKING_TIME: gettext_lazy("Idle time"),
    Kind.FLAT: gettext_lazy("Session fee"),
    Kind.MIN_PRICE: gettext_lazy("Up to the least price"),
    Kind.MAX_PRICE: gettext_lazy("Down to the highest price"),
}


@dataclass(frozen=True, slots=True)
class ToldLine:
    kind: str
    quantity: str
    unit_price: str
    amount: str
    tax: str
    why: str


def tell_lines(rounded: Rounded, currency: str, language: str) -> list[ToldLine]:
    """In the active language; amounts as `language` writes them."""
    return [_line(line, currency, language) for line in rounded.lines]


def _line(rounded: RoundedLine, currency: str, language: str) -> ToldLine:
    line = rounded.line
    counted = line.kind not in {Kind.MIN_PRICE, Kind.MAX_PRICE, Kind.FLAT}
    quantity, unit, rate = line.quantity, line.unit, line.unit_price
    if line.kind in {Kind.TIME, Kind.PARKING_TIME}:
        # Nobody reads 0.0833 h.
        quantity, unit, rate = quantity * _MINUTES, _("min"), rate / _MINUTES
    number = format_number(to_decimal(quantity, 2), language)
    return ToldLine(
        kind=str(KIND_NAMES[line.kind]),
        quantity=f"{number} {unit}" if counted else "",
        unit_price=format_rate(rate, currency, language) if counted else "",
        amount=format_money(rounded.gross, currency, language),
        tax=format_money(rounded.tax, currency, language) if rounded.tax else "",
        why=_why(rounded),
    )


def _why(rounded: RoundedLine) -> str:
    line = rounded.line
    if line.element is None:
        return ""
    words = [_("Rule %(number)d of the tariff") % {"number": line.element}]
    if line.quantity != line.metered:
        words.append(_("rounded up to its step"))
    return ", ".join(words)
