"""Every numeric example of OCPI 2.2.1 (mod_tariffs, mod_cdrs), and the errata of two of them."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest

from tariffs.pricing import price
from tariffs.pricing.result import to_minor
from tariffs.pricing.serial import snapshot_from_json, to_json
from tariffs.tests.pricing.ocpi import VECTORS, lengths, read_tariff, read_usage, seconds_of


def digits(text):
    return -Decimal(text).as_tuple().exponent


def rounded(amount, text):
    """`amount` to as many places as the specification prints."""
    return Decimal(to_minor(amount, digits(text))).scaleb(-digits(text))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vector(vector):
    snapshot, usage = read_tariff(vector["tariff"], vector["time_zone"]), read_usage(vector)
    result = price(snapshot, usage)
    expected = vector["expected"]
    assert rounded(result.total_excl, expected["excl_vat"]) == Decimal(expected["excl_vat"])
    if expected["incl_vat"] is not None:
        assert rounded(result.total_incl, expected["incl_vat"]) == Decimal(expected["incl_vat"])


def test_there_are_thirty_five_vectors():
    assert len(VECTORS) == 35


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_periods_of_a_vector_are_as_long_as_it_says(vector):
    for said, is_so in zip(seconds_of(vector), lengths(read_usage(vector)), strict=True):
        assert said is None or said == is_so


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_tariff_of_a_vector_survives_json(vector):
    snapshot = read_tariff(vector["tariff"], vector["time_zone"])
    assert snapshot_from_json(json.loads(json.dumps(to_json(snapshot)))) == snapshot


def test_exact_amounts_are_not_rounded():
    vector = next(v for v in VECTORS if v["id"] == "cdr_step_time_then_parking")
    result = price(read_tariff(vector["tariff"], "UTC"), read_usage(vector))
    assert result.total_excl == Fraction(61, 60)
