"""A tariff in words, as a driver reads it before charging: made from the rules, never typed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from babel import Locale
from babel.dates import get_day_names
from babel.numbers import format_currency, format_decimal, get_currency_symbol
from django.utils import translation
from django.utils.translation import gettext as _

from tariffs.pricing.tariff import Bound, Component, Element, Kind, Restrictions, Rules

_MINUTES = 60


def describe(rules: Rules, *, language: str = "id") -> list[str]:
    """Short sentences in the order of the elements, then bounds and tax.

    `["Rp2.097 per kWh (22:00-05:00)", "Rp2.467 per kWh (otherwise)", …]`
    """
    with translation.override(language):
        words = _Words(rules, language)
        return [*words.prices(), *words.bounds(), words.tax()]


def format_rate(price: Decimal, currency: str, language: str) -> str:
    """A rate keeps the decimals it has: `Rp2.466,78`, `IDR 500`."""
    locale = Locale.parse(language, sep="-")
    is_code = get_currency_symbol(currency, locale) == currency
    pattern = "¤\N{NO-BREAK SPACE}#,##0.####" if is_code else "¤#,##0.####"
    return format_currency(price, currency, pattern, locale=locale, currency_digits=False)


class _Words:
    """The sentences of one tariff in the active language."""

    def __init__(self, rules: Rules, language: str) -> None:
        self.rules = rules
        self.language = language

    def prices(self) -> Iterator[str]:
        seen: set[Kind] = set()
        for element in self.rules.elements:
            for part in element.components:
                conditions = list(self._conditions(element))
                if element.restrictions.are_none and part.kind in seen:
                    conditions.append(_("otherwise"))
                suffix = f" ({', '.join(conditions)})" if conditions else ""
                yield self._price(part) + suffix
            seen |= {part.kind for part in element.components}

    def bounds(self) -> Iterator[str]:
        for bound, text in (
            (self.rules.min_price, _("at least %(price)s")),
            (self.rules.max_price, _("at most %(price)s")),
        ):
            price = self._side(bound)
            if price is not None:
                yield text % {"price": self._rate(price)}

    def tax(self) -> str:
        if self.rules.tax_included:
            return _("Tax is included.")
        percents = sorted({t.percent for e in self.rules.elements for p in e.components
                           for t in p.taxes})  # fmt: skip
        if not any(percents):
            return _("No VAT is added.")
        shown = " / ".join(f"{self._number(percent)} %" for percent in percents)
        return _("VAT is added: %(percent)s") % {"percent": shown}

    def _side(self, bound: Bound | None) -> Decimal | None:
        if bound is None:
            return None
        return bound.incl if bound.incl is not None else bound.excl

    def _price(self, part: Component) -> str:
        texts = {
            Kind.ENERGY: _("%(price)s per kWh"),
            Kind.TIME: _("%(price)s per minute of charging"),
            Kind.PARKING_TIME: _("%(price)s per minute after charging has ended"),
            Kind.FLAT: _("%(price)s per session"),
        }
        timed = part.kind in {Kind.TIME, Kind.PARKING_TIME}
        price = part.price / _MINUTES if timed else part.price
        return texts[part.kind] % {"price": self._rate(price)}

    def _conditions(self, element: Element) -> Iterator[str]:
        rule = element.restrictions
        yield from self._clock(rule)
        for low, high, scale, unit in (
            (rule.min_energy_wh, rule.max_energy_wh, 1000, _("kWh")),
            (rule.min_power_w, rule.max_power_w, 1000, _("kW")),
            (rule.min_current_ma, rule.max_current_ma, 1000, _("A")),
            (rule.min_duration_s, rule.max_duration_s, _MINUTES, _("min")),
        ):
            yield from self._range(low, high, scale, unit)
        if rule.min_idle_s:
            minutes = self._number(Decimal(rule.min_idle_s) / _MINUTES)
            yield _("the first %(minutes)s minutes are free") % {"minutes": minutes}
        if rule.reservation is not None:
            yield _("for a reservation")

    def _clock(self, rule: Restrictions) -> Iterator[str]:
        if rule.start_time or rule.end_time:
            start = f"{rule.start_time:%H:%M}" if rule.start_time else "00:00"
            end = f"{rule.end_time:%H:%M}" if rule.end_time else "24:00"
            yield f"{start}-{end}"
        if rule.days:
            names = get_day_names("abbreviated", locale=Locale.parse(self.language, sep="-"))
            yield ", ".join(names[day - 1] for day in sorted(rule.days))
        if rule.start_date:
            yield _("from %(date)s") % {"date": rule.start_date.isoformat()}
        if rule.end_date:
            yield _("before %(date)s") % {"date": rule.end_date.isoformat()}

    def _range(self, low: int | None, high: int | None, scale: int, unit: str) -> Iterator[str]:
        if low:
            value = self._number(Decimal(low) / scale)
            yield _("from %(value)s %(unit)s") % {"value": value, "unit": unit}
        if high is not None:
            value = self._number(Decimal(high) / scale)
            yield _("below %(value)s %(unit)s") % {"value": value, "unit": unit}

    def _rate(self, price: Decimal) -> str:
        return format_rate(price, self.rules.currency, self.language)

    def _number(self, value: Decimal) -> str:
        return format_decimal(value, "#,##0.##", locale=Locale.parse(self.language, sep="-"))
