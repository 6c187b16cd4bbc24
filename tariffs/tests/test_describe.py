"""The price text that a driver reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from tariffs.describe import describe, format_rate, price_text
from tariffs.pricing import (
    Bound,
    Component,
    Element,
    Kind,
    Reservation,
    Restrictions,
    Rules,
    SimpleTariff,
    Snapshot,
    Tax,
    TaxCode,
    simple_rules,
)

D = Decimal
NBSP = "\N{NO-BREAK SPACE}"
VAT = (Tax(TaxCode.VAT, D(11)),)


def english(*elements, **rules):
    return describe(Rules(tuple(elements), **rules), language="en")


def test_simple_tariff_in_words():
    rules = simple_rules(SimpleTariff(D(2467), D(25_000), D(500), 15, night_per_kwh=D(2097)))
    assert describe(rules, language="en") == [
        f"IDR{NBSP}2,097 per kWh (22:00-05:00)",
        f"IDR{NBSP}2,467 per kWh (otherwise)",
        f"IDR{NBSP}25,000 per session",
        f"IDR{NBSP}500 per minute after charging has ended "
        "(the first 15 minutes are free, each started minute counts)",
        "A charge that does not begin costs nothing",
        "Tax is included.",
    ]


def test_short_text_is_the_prices_alone():
    rules = simple_rules(SimpleTariff(D(2467), D(25_000), D(500), 15, night_per_kwh=D(2097)))
    text = price_text(Snapshot(rules), language="en")
    assert text.short == (
        f"IDR{NBSP}2,097-IDR{NBSP}2,467 per kWh + IDR{NBSP}25,000 per session + "
        f"IDR{NBSP}500 per minute after charging has ended"
    )
    assert list(text.lines) == describe(rules, language="en")


def test_short_text_leaves_out_what_only_a_reservation_costs():
    held = Restrictions(reservation=Reservation.RESERVATION)
    rules = Rules((
        Element((Component(Kind.FLAT, D(5_000)),), held),
        Element((Component(Kind.ENERGY, D(2_000)),)),
    ))  # fmt: skip
    assert price_text(Snapshot(rules), language="en").short == f"IDR{NBSP}2,000 per kWh"


def test_indonesian_writes_rupiah_and_times_in_its_own_way():
    rules = simple_rules(SimpleTariff(D("2466.78"), night_per_kwh=D(2000)))
    night, day = describe(rules, language="id")[:2]
    assert night == "Rp2.000 per kWh (22.00-05.00)"
    assert day.startswith("Rp2.466,78 per kWh")


def test_indonesian_tells_the_whole_tariff():
    rules = simple_rules(SimpleTariff(D(2400), D(11_100), D(500), 15, night_per_kwh=D(2000)))
    text = price_text(Snapshot(rules), language="id")
    assert text.short == (
        "Rp2.000-Rp2.400 per kWh + Rp11.100 per sesi + Rp500 per menit setelah pengisian selesai"
    )
    assert text.lines[1:4] == (
        "Rp2.400 per kWh (selain itu)",
        "Rp11.100 per sesi",
        "Rp500 per menit setelah pengisian selesai "
        "(15 menit pertama gratis, setiap menit yang dimulai dihitung penuh)",
    )
    assert text.lines[-1] == "Sudah termasuk pajak."


def test_every_restriction_is_told():
    rule = Restrictions(
        start_time=time(17),
        days=frozenset({1, 2, 3, 6, 7}),
        start_date=date(2026, 1, 1),
        end_date=date(2026, 2, 1),
        min_energy_wh=5_500,
        max_power_w=22_000,
        max_current_ma=32_000,
        max_duration_s=1_800,
        reservation=Reservation.RESERVATION,
    )
    assert english(Element((Component(Kind.TIME, D(60)),), rule)) == [
        f"IDR{NBSP}1 per minute of charging (17:00-24:00, Mon-Wed, Sat, Sun, from 1 Jan 2026, "
        "until 31 Jan 2026, from 5.5 kWh, below 22 kW, below 32 A, below 30 min, "
        "for a reservation)",
        "No VAT is added.",
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Component(Kind.ENERGY, D(1), 500), "per kWh (counted in steps of 0.5 kWh)"),
        (Component(Kind.ENERGY, D(1), 1), "per kWh"),
        (
            Component(Kind.TIME, D(60), 900),
            "per minute of charging (counted in steps of 15 minutes)",
        ),
        (
            Component(Kind.PARKING_TIME, D(60), 30),
            "per minute after charging has ended (counted in steps of 30 seconds)",
        ),
    ],
)
def test_step_is_told_where_it_is_noticed(part, expected):
    assert english(Element((part,)))[0] == f"IDR{NBSP}1 {expected}"


def test_price_per_hour_is_told_by_the_minute_only_where_that_is_short():
    assert english(Element((Component(Kind.TIME, D(2)),)), currency="EUR")[0] == (
        "€2 per hour of charging"
    )
    assert english(Element((Component(Kind.PARKING_TIME, D(3)),)), currency="EUR")[0] == (
        "€0.05 per minute after charging has ended"
    )


def test_price_that_can_never_apply_is_not_told():
    first, second = (Element((Component(Kind.ENERGY, D(price)),)) for price in (1, 2))
    assert english(first, second)[0] == f"IDR{NBSP}1 per kWh"
    assert len(english(first, second)) == 2


def test_all_day_is_no_condition():
    whole = Restrictions(start_time=time(8), end_time=time(8), days=frozenset(range(1, 8)))
    assert english(Element((Component(Kind.ENERGY, D(1)),), whole))[0] == f"IDR{NBSP}1 per kWh"


def test_free_tariff_and_free_hours():
    free = Component(Kind.FLAT, D(0))
    assert english(Element((free,))) == ["Free of charge."]
    night = Element(
        (Component(Kind.ENERGY, D(0)),), Restrictions(start_time=time(22), end_time=time(5))
    )
    day = Element((Component(Kind.ENERGY, D(9)), free))
    assert english(night, day)[:-1] == [
        "energy is free (22:00-05:00)",
        f"IDR{NBSP}9 per kWh (otherwise)",
    ]
    assert price_text(Snapshot(Rules((Element((free,)),))), language="en").short == (
        "Free of charge."
    )


def test_reservation_that_is_not_used_is_told_apart():
    expired = Restrictions(reservation=Reservation.RESERVATION_EXPIRES)
    element = Element((Component(Kind.FLAT, D(4)),), expired)
    assert english(element)[0] == f"IDR{NBSP}4 per session (for a reservation that is not used)"


def test_bounds_and_tax_are_told():
    rules = simple_rules(SimpleTariff(D(1), D(5), tax_included=False))
    rules = replace(rules, min_price=Bound(D(1)), max_price=Bound(D(8), D(9)), free_below_wh=50)
    assert describe(rules, language="en")[2:] == [
        f"A session costs at least IDR{NBSP}1",
        f"A session costs at most IDR{NBSP}9",
        "Less than 0.05 kWh costs nothing",
        "VAT is added: 11 % (session fee)",
    ]


def test_vat_on_everything_names_nothing():
    element = Element((Component(Kind.ENERGY, D(1), 0, VAT), Component(Kind.FLAT, D(1), 0, VAT)))
    assert english(element)[-1] == "VAT is added: 11 %"


def test_tax_of_the_place_is_told_where_it_is_added():
    rules = simple_rules(SimpleTariff(D(2000), D(5), tax_included=False))
    assert price_text(Snapshot(rules, "UTC", D("2.4")), language="en").lines[-2:] == (
        "VAT is added: 11 % (session fee)",
        "Regional electricity tax (PBJT) is added: 2.4 % on energy",
    )
    included = replace(rules, tax_included=True)
    assert describe(included, language="en", pbjt_percent=D(3))[-1] == "Tax is included."


@pytest.mark.parametrize(
    ("language", "expected"), [("id", "Rp2.466,78"), ("en", f"IDR{NBSP}2,466.78")]
)
def test_rate_keeps_its_decimals(language, expected):
    assert format_rate(D("2466.7800"), "IDR", language) == expected
