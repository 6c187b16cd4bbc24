from __future__ import annotations

from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unievp.lib.money import exponent, format_money, round_half_up

AMOUNTS = st.decimals(
    min_value=Decimal("-1e12"), max_value=Decimal("1e12"), places=6, allow_nan=False
)


def test_rupiah_has_no_minor_unit_and_the_euro_has_two_digits():
    assert exponent("IDR") == 0
    assert exponent("EUR") == 2


@pytest.mark.parametrize("currency", ["XXX", "idr", ""])
def test_an_unknown_currency_is_refused(currency):
    with pytest.raises(ValueError, match="Unknown currency"):
        exponent(currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("0.5", "IDR", 1),
        ("1.5", "IDR", 2),
        ("2.5", "IDR", 3),
        ("0.4999999", "IDR", 0),
        ("-0.5", "IDR", -1),
        ("57863.2638600", "IDR", 57_863),
        ("0.005", "EUR", 1),
        ("12.345", "EUR", 1_235),
        ("12", "EUR", 1_200),
        ("1E+3", "EUR", 100_000),
    ],
)
def test_halves_go_away_from_zero(amount, currency, minor):
    rounded = round_half_up(Decimal(amount), currency)
    assert rounded == minor
    assert type(rounded) is int


@given(AMOUNTS)
def test_rounding_moves_an_amount_by_half_a_unit_at_most(amount):
    assert abs(Decimal(round_half_up(amount, "IDR")) - amount) <= Decimal("0.5")
    assert abs(Decimal(round_half_up(amount, "EUR")) / 100 - amount) <= Decimal("0.005")


@given(AMOUNTS)
def test_a_refund_rounds_like_its_charge(amount):
    assert round_half_up(-amount, "IDR") == -round_half_up(amount, "IDR")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+40"])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises((ValueError, InvalidOperation)):
        round_half_up(Decimal(amount), "EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (12_345, "IDR", "id", "Rp12.345"),
        (12_345, "IDR", "en", "IDR\N{NO-BREAK SPACE}12,345"),
        (-12_345, "IDR", "id", "-Rp12.345"),
        (0, "IDR", "id", "Rp0"),
        (1_234_567_890_123_456_789, "IDR", "id", "Rp1.234.567.890.123.456.789"),
        (12_345, "EUR", "id", "€123,45"),
        (5, "USD", "en-us", "$0.05"),
    ],
)
def test_money_reads_as_people_write_it(amount, currency, language, text):
    assert format_money(amount, currency, language) == text
