"""The traps of the wire (reference §14): numbers, times, tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ocpi.wire import json
from ocpi.wire.codes import OcpiError
from ocpi.wire.moments import read_moment
from ocpi.wire.reading import Reader
from ocpi.wire.redaction import redact
from ocpi.wire.tokens import header_of, tokens_in


def test_numbers_are_numbers_and_exact():
    said = json.dumps({"kwh": Decimal("12.500"), "big": Decimal("1E+3"), "n": 3})
    assert said == b'{"kwh":12.5,"big":1000,"n":3}'
    assert json.loads(said) == {"kwh": Decimal("12.5"), "big": 1000, "n": 3}
    assert isinstance(json.loads("0.1"), Decimal)


def test_times_are_whole_seconds_with_z():
    moment = datetime(2026, 2, 1, 9, 30, 0, 987654, tzinfo=UTC)
    assert json.dumps([moment]) == b'["2026-02-01T09:30:00Z"]'


def test_what_is_stored_as_text_goes_out_byte_for_byte():
    assert json.dumps([json.Fragment(b'{"a":1.50}')]) == b'[{"a":1.50}]'


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2015-06-29T20:39:09Z", 0),
        ("2015-06-29T20:39:09", 0),
        ("2015-06-29T20:39:09.2Z", 200_000),
        ("2015-06-29T20:39:09.1234567", 123_456),
    ],
)
def test_fractions_and_a_missing_z_are_read(text, microsecond):
    assert read_moment(text) == datetime(2015, 6, 29, 20, 39, 9, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2015-06-29T20:39:09+00:00", "2015-06-29", "2015-13-29T20:39:09Z", "yesterday", ""]
)
def test_offsets_and_nonsense_are_no_times(text):
    with pytest.raises(ValueError, match=r".+"):
        read_moment(text)


@pytest.mark.parametrize("raw", ["NaN", "[Infinity]", '"a\\u0000b"', '"\\ud800"', "{"])
def test_what_no_column_holds_is_refused(raw):
    with pytest.raises(ValueError, match=r".+"):
        json.loads(raw)


@pytest.mark.parametrize("number", ["1e999999999", "-1.5E+99999", "1e-999999999", f"0.{'1' * 60}"])
def test_numbers_that_would_fill_the_memory_are_refused(number):
    with pytest.raises(ValueError, match="no amount of anything"):
        json.loads(f'{{"n": {number}}}')


@pytest.mark.parametrize(
    "raw",
    ["1" + "0" * 60, "[" * 100 + "]" * 100, '{"a":' * 100 + "1" + "}" * 100],
)
def test_what_we_could_not_write_again_is_refused(raw):
    """Else it is taken, and the answer that repeats it breaks."""
    with pytest.raises(ValueError, match=r"no amount|levels"):
        json.loads(raw)


@pytest.mark.parametrize("year", ["0001", "1969", "3000", "9999"])
def test_years_that_no_zone_can_show_are_refused(year):
    with pytest.raises(OcpiError, match="from 1970 to 2999"):
        Reader({"at": f"{year}-12-31T23:59:59Z"}).moment("at")


def test_whole_numbers_beyond_64_bits_are_written_as_they_came():
    for text in ("9223372036854775808", "-9223372036854775809", "1" + "0" * 30):
        assert json.dumps(json.loads(text)) == text.encode()


def test_what_is_equal_has_one_text():
    assert json.canonical({"b": 1, "a": Decimal("4.50")}) == b'{"a":4.5,"b":1}'


def test_nothing_is_nothing_whatever_its_exponent():
    assert json.dumps(json.loads('{"n": 0e999999999, "m": 0.25}')) == b'{"n":0,"m":0.25}'


def test_sample_of_the_specification_carries_a_newline():
    assert tokens_in("Token ZXhhbXBsZS10b2tlbgo=")[0] == "example-token"
    assert header_of("example-token") == "Token ZXhhbXBsZS10b2tlbg=="


def test_raw_tokens_are_understood_too():
    assert "example-token" in tokens_in("token example-token")
    # Valid Base64 by accident: both readings are tried.
    assert tokens_in("Token abcd1234")[-1] == "abcd1234"


@pytest.mark.parametrize("header", ["", "Token", "Bearer abc", "Token \x07", "Token " + "a" * 200])
def test_no_token_is_none(header):
    assert tokens_in(header) == []


def test_tokens_never_reach_the_log():
    said = '{"token": "se\\"cret", "other": {"token":{"uid":"1"}}}'
    assert redact(said) == '{"token": "••••", "other": {"token":{"uid":"1"}}}'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "uid: missing"),
        ({"uid": None}, "uid: missing"),
        ({"uid": 5}, "uid: not a int, please"),
        ({"uid": ""}, "uid: 1 to 36 characters, please"),
        ({"uid": "x" * 37}, "uid: 1 to 36 characters, please"),
        ({"uid": "ä"}, "uid: printable ASCII, please"),
    ],
)
def test_reader_names_the_field_and_the_fix(body, said):
    with pytest.raises(OcpiError) as error:
        Reader(body).code("uid", 36)
    assert (error.value.message, error.value.code, error.value.http) == (said, 2001, 200)


def test_reader_unwraps_what_some_peers_wrap_and_ignores_the_unknown():
    reader = Reader([{"uid": "1", "brand_new": {}, "inner": {"n": Decimal("1.5")}}])
    assert reader.code("uid", 36) == "1"
    assert reader.inner("inner").number("n") == Decimal("1.5")
