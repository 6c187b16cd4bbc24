"""The price text that a driver reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from tariffs.describe import describe, format_rate
from tariffs.pricing import (
    Bound,
    Component,
    Element,
    Kind,
    Reservation,
    Restrictions,
    Rules,
    SimpleTariff,
    simple_rules,
)

D = Decimal
NBSP = "\N{NO-BREAK SPACE}"


def test_simple_tariff_in_words():
    rules = simple_rules(SimpleTariff(D(2467), D(25_000), D(500), 15, night_per_kwh=D(2097)))
    assert describe(rules, language="en") == [
        f"IDR{NBSP}2,097 per kWh (22:00-05:00)",
        f"IDR{NBSP}2,467 per kWh (otherwise)",
        f"IDR{NBSP}25,000 per session",
        f"IDR{NBSP}500 per minute after charging has ended (the first 15 minutes are free)",
        "Tax is included.",
    ]


def test_indonesian_writes_rupiah():
    rules = simple_rules(SimpleTariff(D("2466.78")))
    assert describe(rules, language="id")[0].startswith("Rp2.466,78 ")


def test_every_restriction_is_told():
    rule = Restrictions(
        start_time=time(17),
        days=frozenset({6, 7}),
        start_date=date(2026, 1, 1),
        end_date=date(2026, 2, 1),
        min_energy_wh=5_500,
        max_power_w=22_000,
        max_current_ma=32_000,
        max_duration_s=1_800,
        reservation=Reservation.RESERVATION,
    )
    rules = Rules((Element((Component(Kind.TIME, D(60)),), rule),))
    assert describe(rules, language="en") == [
        f"IDR{NBSP}1 per minute of charging (17:00-24:00, Sat, Sun, from 2026-01-01, "
        "before 2026-02-01, from 5.5 kWh, below 22 kW, below 32 A, below 30 min, "
        "for a reservation)",
        "No VAT is added.",
    ]


def test_bounds_and_tax_are_told():
    rules = simple_rules(SimpleTariff(D(1), D(5), tax_included=False))
    rules = replace(rules, min_price=Bound(D(1)), max_price=Bound(D(8), D(9)))
    assert describe(rules, language="en")[2:] == [
        f"at least IDR{NBSP}1",
        f"at most IDR{NBSP}9",
        "VAT is added: 11 %",
    ]


@pytest.mark.parametrize(
    ("language", "expected"), [("id", "Rp2.466,78"), ("en", f"IDR{NBSP}2,466.78")]
)
def test_rate_keeps_its_decimals(language, expected):
    assert format_rate(D("2466.7800"), "IDR", language) == expected
