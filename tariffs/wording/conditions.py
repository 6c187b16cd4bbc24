"""When a price holds, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from tariffs.pricing.tariff import Component, Kind, Reservation, Restrictions
from tariffs.wording.numbers import format_clock, format_day, format_number, format_weekdays

_MINUTES = 60


def conditions_of(rule: Restrictions, language: str) -> Iterator[str]:
    """Everything that has to be true, each as a few words."""
    yield from _clock(rule, language)
    for low, high, unit in (
        (_kilo(rule.min_energy_wh), _kilo(rule.max_energy_wh), _("kWh")),
        (_kilo(rule.min_power_w), _kilo(rule.max_power_w), _("kW")),
        (_kilo(rule.min_current_ma), _kilo(rule.max_current_ma), _("A")),
        (_minutes(rule.min_duration_s), _minutes(rule.max_duration_s), _("min")),
    ):
        yield from _range(low, high, unit, language)
    if rule.min_idle_s:
        minutes = format_number(_minutes(rule.min_idle_s) or Decimal(), language)
        yield _("the first %(minutes)s minutes are free") % {"minutes": minutes}
    if rule.reservation is Reservation.RESERVATION:
        yield _("for a reservation")
    elif rule.reservation is Reservation.RESERVATION_EXPIRES:
        yield _("for a reservation that is not used")


def step_of(part: Component, language: str) -> Iterator[str]:
    """How much is counted at once, where it is enough to notice."""
    if part.step_size <= 1 or part.kind is Kind.FLAT:
        return
    if part.kind is Kind.ENERGY:
        size = format_number(Decimal(part.step_size) / 1000, language)
        yield _("counted in steps of %(size)s kWh") % {"size": size}
    elif part.step_size == _MINUTES:
        yield _("each started minute counts")
    elif part.step_size % _MINUTES:
        yield _("counted in steps of %(size)s seconds") % {"size": part.step_size}
    else:
        yield _("counted in steps of %(size)s minutes") % {"size": part.step_size // _MINUTES}


def _kilo(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / 1000


def _minutes(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / _MINUTES


def _clock(rule: Restrictions, language: str) -> Iterator[str]:
    # Equal times mean the whole day, as the engine reads them.
    if rule.start_time != rule.end_time:
        start = format_clock(rule.start_time, language, midnight="00:00")
        end = format_clock(rule.end_time, language, midnight="24:00")
        if (start, end) != ("00:00", "24:00"):
            yield f"{start}-{end}"
    if rule.days and len(rule.days) < 7:
        yield format_weekdays(rule.days, language)
    if rule.start_date:
        yield _("from %(date)s") % {"date": format_day(rule.start_date, language)}
    if rule.end_date:
        # The day itself is outside; people read the last day that is inside.
        last = rule.end_date - timedelta(days=1)
        yield _("until %(date)s") % {"date": format_day(last, language)}


def _range(low: Decimal | None, high: Decimal | None, unit: str, language: str) -> Iterator[str]:
    if low:
        value = format_number(low, language)
        yield _("from %(value)s %(unit)s") % {"value": value, "unit": unit}
    if high is not None:
        value = format_number(high, language)
        yield _("below %(value)s %(unit)s") % {"value": value, "unit": unit}
