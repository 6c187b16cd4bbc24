"""Prices in words: one at a time, and all of a kind in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from tariffs.pricing.tariff import Component, Element, Kind, Reservation, Rules
from tariffs.wording.conditions import conditions_of, step_of
from tariffs.wording.numbers import format_rate

_MINUTES = 60
_TIMED = frozenset({Kind.TIME, Kind.PARKING_TIME})
# Longer fractions of a minute's price are told by the hour: nobody pays 33.3333 cents.
_MOST_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Offer:
    """A price that can apply; `is_rest`: where none of the earlier ones of its kind does."""

    part: Component
    element: Element
    is_rest: bool


def offers_of(rules: Rules) -> Iterator[Offer]:
    """In the order in which they are tried, without those that an earlier one always hides."""
    seen: set[tuple[Reservation | None, Kind]] = set()
    always: set[tuple[Reservation | None, Kind]] = set()
    for element in rules.elements:
        rule = element.restrictions
        unrestricted = replace(rule, reservation=None).are_none
        for part in element.components:
            key = (rule.reservation, part.kind)
            if key in always:
                continue
            yield Offer(part, element, unrestricted and key in seen)
            seen.add(key)
            if unrestricted:
                always.add(key)


def told(offer: Offer, rules: Rules, language: str) -> str:
    """`Rp2.467 per kWh (22.00-05.00)`."""
    words = list(conditions_of(offer.element.restrictions, language))
    if offer.is_rest:
        words.append(_("otherwise"))
    words += [] if not offer.part.price else step_of(offer.part, language)
    price = price_words(offer.part, rules.currency, language)
    return f"{price} ({', '.join(words)})" if words else price


def price_words(part: Component, currency: str, language: str) -> str:
    if not part.price:
        return _free(part.kind)
    rate, by_minute = _rate(part)
    return _per(part.kind, by_minute=by_minute) % {"price": format_rate(rate, currency, language)}


def range_words(kind: Kind, parts: Iterable[Component], currency: str, language: str) -> str:
    """All prices of a kind at once: `Rp2.097-Rp2.467 per kWh`."""
    known = list(parts)
    by_minute = all(_rate(part)[1] for part in known)
    rates = sorted({_by(part, by_minute=by_minute) for part in known})
    shown = [format_rate(rate, currency, language) for rate in (rates[0], rates[-1])]
    price = shown[0] if len(rates) == 1 else "-".join(shown)
    return _per(kind, by_minute=by_minute) % {"price": price}


def _rate(part: Component) -> tuple[Decimal, bool]:
    """The price to tell, and whether it is that of a minute."""
    minute = _by(part, by_minute=True)
    exponent = minute.normalize().as_tuple().exponent
    is_short = isinstance(exponent, int) and exponent >= -_MOST_DECIMALS
    return (minute, True) if is_short else (part.price, False)


def _by(part: Component, *, by_minute: bool) -> Decimal:
    return part.price / _MINUTES if by_minute and part.kind in _TIMED else part.price


def _per(kind: Kind, *, by_minute: bool) -> str:
    if kind is Kind.ENERGY:
        return _("%(price)s per kWh")
    if kind is Kind.FLAT:
        return _("%(price)s per session")
    if kind is Kind.TIME:
        return _("%(price)s per minute of charging") if by_minute else _(
            "%(price)s per hour of charging"
        )  # fmt: skip
    return _("%(price)s per minute after charging has ended") if by_minute else _(
        "%(price)s per hour after charging has ended"
    )  # fmt: skip


def _free(kind: Kind) -> str:
    return {
        Kind.ENERGY: _("energy is free"),
        Kind.TIME: _("charging time is free"),
        Kind.PARKING_TIME: _("standing on after charging is free"),
        Kind.FLAT: _("no session fee"),
    }[kind]
