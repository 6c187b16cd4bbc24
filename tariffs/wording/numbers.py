"""Rates, quantities, times and days as people write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, get_day_names
from babel.numbers import format_currency, format_decimal, get_currency_symbol


def locale_of(language: str) -> Locale:
    return Locale.parse(language, sep="-")


def format_rate(price: Decimal, currency: str, language: str) -> str:
    """A rate keeps the decimals it has: `Rp2.466,78`, `IDR 500`."""
    locale = locale_of(language)
    is_code = get_currency_symbol(currency, locale) == currency
    pattern = "¤\N{NO-BREAK SPACE}#,##0.####" if is_code else "¤#,##0.####"
    return format_currency(price, currency, pattern, locale=locale, currency_digits=False)


def format_number(value: Decimal, language: str) -> str:
    return format_decimal(value, "#,##0.####", locale=locale_of(language))


def format_clock(at: time | None, language: str, *, midnight: str) -> str:
    """`22:00`, in Indonesian `22.00`; `midnight` where it is 00:00 or not given."""
    text = f"{at:%H:%M}" if at is not None and at != time(0) else midnight
    return text.replace(":", ".") if language == "id" else text


def format_day(day: date, language: str) -> str:
    return format_date(day, "d MMM y", locale=locale_of(language))


def format_weekdays(days: frozenset[int], language: str) -> str:
    """ISO weekdays: `Mon-Fri`, `Sat, Sun`; three or more in a row are a range."""
    names = get_day_names("abbreviated", locale=locale_of(language))
    return ", ".join(
        f"{names[run[0] - 1]}-{names[run[-1] - 1]}" if len(run) > 2
        # Two in a row are no shorter as a range.
        else ", ".join(names[day - 1] for day in run)
        for run in _runs(sorted(days))
    )  # fmt: skip


def _runs(days: list[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for day in days:
        if run and day != run[-1] + 1:
            yield run
            run = []
        run.append(day)
    if run:
        yield run
