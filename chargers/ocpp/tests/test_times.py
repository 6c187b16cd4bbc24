from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargers.ocpp.times import Clock, read_time, zone

RECEIVED = datetime(2026, 2, 1, 12, 0, 0, tzinfo=UTC)
AT = datetime(2026, 2, 1, 9, 30, 0, tzinfo=UTC)


@pytest.mark.proves("own 11", "pain 48")
@pytest.mark.parametrize(
    "text",
    [
        "2026-02-01T09:30:00Z",
        "2026-02-01T09:30:00.000Z",
        "2026-02-01T09:30:00+00:00",
        "2026-02-01T12:30:00+03",
        "2026-02-01T12:30:00+03:00",
        "2026-02-01T12:30:00+0300",
        "2026-02-01T04:30:00-05:00",
        "2026-02-01t09:30:00z",
        "2026-02-01 09:30:00 UTC",
        "2026-2-1T9:30:00Z",
        "2026/02/01 09:30:00Z",
        " 2026-02-01T09:30:00Z ",
    ],
)
def test_every_form_with_an_offset_is_the_same_instant(text):
    assert read_time(text, RECEIVED, UTC) == (AT, "")


def test_fractions_are_kept_to_the_microsecond():
    assert read_time("2026-02-01T09:30:00.123456789Z", RECEIVED, UTC)[0].microsecond == 123456
    assert read_time("2026-02-01T09:30:00,5Z", RECEIVED, UTC)[0].microsecond == 500000


@pytest.mark.proves("quirk 1", "own 11")
def test_without_an_offset_the_chargers_zone_counts():
    assert read_time("2026-02-01T09:30:00", RECEIVED, UTC) == (AT, "no offset")
    moment, note = read_time("2026-02-01T16:30:00", RECEIVED, zone("Asia/Jakarta"))
    assert moment == AT
    assert note == "no offset: taken as Asia/Jakarta"


@pytest.mark.proves("quirk 3", "own 11")
@pytest.mark.parametrize(
    ("value", "note"),
    [
        (None, "no timestamp"),
        ("", "no timestamp"),
        ("yesterday", "unreadable timestamp"),
        (1_700_000_000, "unreadable timestamp"),
        ({"a": 1}, "unreadable timestamp"),
        ("2026-13-01T00:00:00Z", "unreadable timestamp"),
        ("9" * 10_000, "unreadable timestamp"),
        ("1970-01-01T00:05:00Z", "timestamp before the clock was set"),
        ("0001-01-01T00:00:00+14:00", "impossible timestamp"),
        ("2036-02-07T06:28:16Z", "timestamp far in the future"),
    ],
)
def test_what_cannot_be_a_time_is_the_time_of_arrival(value, note):
    assert read_time(value, RECEIVED, UTC) == (RECEIVED, note)


@pytest.mark.proves("quirk 2")
def test_a_clock_that_runs_ahead_is_kept_and_noted():
    assert read_time("2026-02-01T14:00:00Z", RECEIVED, UTC) == (
        datetime(2026, 2, 1, 14, tzinfo=UTC),
        "clock ahead",
    )


def test_an_old_time_is_kept():
    assert read_time("2024-02-01T14:00:00Z", RECEIVED, UTC) == (
        datetime(2024, 2, 1, 14, tzinfo=UTC),
        "",
    )


def test_an_unknown_zone_is_utc():
    assert zone("Mars/Olympus") is UTC
    assert zone("../../etc/passwd") is UTC
    assert zone("") is UTC
    assert zone("Asia/Makassar") == ZoneInfo("Asia/Makassar")


@pytest.mark.proves("own 11")
@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d(:\d\d)?)?"))
def test_any_text_is_some_instant(text):
    assert read_time(text, RECEIVED, UTC)[0].utcoffset() == timedelta(0)


def test_a_replaced_time_is_known_for_its_copies():
    clock = Clock(RECEIVED)
    clock.read("2026-02-01T09:30:00")
    assert not clock.has_replaced
    clock.read("1970-01-01T00:00:00Z")
    assert clock.has_replaced
