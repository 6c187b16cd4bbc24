"""A tariff in words, as a driver reads it before charging: made from the rules, never typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _

from tariffs.pricing.tariff import Bound, Kind, Rules, Snapshot
from tariffs.wording.numbers import format_number, format_rate
from tariffs.wording.prices import Offer, offers_of, range_words, told
from tariffs.wording.taxes import taxes_told

__all__ = ["PriceText", "describe", "format_rate", "price_text"]

_IN_SHORT = (Kind.ENERGY, Kind.TIME, Kind.FLAT, Kind.PARKING_TIME)


@dataclass(frozen=True, slots=True)
class PriceText:
    """`short`: one line with the prices alone. `lines`: every rule, and what it means for tax."""

    short: str
    lines: tuple[str, ...]


def price_text(snapshot: Snapshot, *, language: str = "id") -> PriceText:
    """What is sold at a connector, with the tax of its place.

    `short` is such as `Rp2.467 per kWh + Rp25.000 per session`.
    """
    lines = describe(snapshot.rules, language=language, pbjt_percent=snapshot.pbjt_percent)
    with translation.override(language):
        return PriceText(_short(snapshot.rules, language), tuple(lines))


def describe(
    rules: Rules, *, language: str = "id", pbjt_percent: Decimal = Decimal(0)
) -> list[str]:
    """Short sentences in the order of the elements, then bounds and tax.

    `["Rp2.097 per kWh (22.00-05.00)", "Rp2.467 per kWh (otherwise)", …]`
    """
    with translation.override(language):
        offers = list(offers_of(rules))
        if not any(offer.part.price for offer in offers) and rules.min_price is None:
            return [_("Free of charge.")]
        return [
            *(told(offer, rules, language) for offer in offers if _is_worth_telling(offer)),
            *_bounds(rules, language),
            *_free_below(rules, language),
            *taxes_told(rules, pbjt_percent, language),
        ]


def _is_worth_telling(offer: Offer) -> bool:
    """A price of 0 matters where another one of its kind would be expected."""
    return bool(offer.part.price) or offer.is_rest or not offer.element.restrictions.are_none


def _short(rules: Rules, language: str) -> str:
    parts = [
        offer.part
        for offer in offers_of(rules)
        if offer.part.price and offer.element.restrictions.reservation is None
    ]
    words = [
        range_words(kind, found, rules.currency, language)
        for kind in _IN_SHORT
        if (found := [part for part in parts if part.kind is kind])
    ]
    return " + ".join(words) or _("Free of charge.")


def _bounds(rules: Rules, language: str) -> Iterator[str]:
    for bound, text in (
        (rules.min_price, _("A session costs at least %(price)s")),
        (rules.max_price, _("A session costs at most %(price)s")),
    ):
        price = _side(bound)
        if price is not None:
            yield text % {"price": format_rate(price, rules.currency, language)}


def _side(bound: Bound | None) -> Decimal | None:
    """With tax, where it is known: that is what is paid."""
    if bound is None:
        return None
    return bound.incl if bound.incl is not None else bound.excl


def _free_below(rules: Rules, language: str) -> Iterator[str]:
    if rules.free_below_wh > 1:
        energy = format_number(Decimal(rules.free_below_wh) / 1000, language)
        yield _("Less than %(energy)s kWh costs nothing") % {"energy": energy}
    elif rules.free_below_wh:
        yield _("A charge that does not begin costs nothing")
