from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine

from unievp.lib import clock


def test_now_is_aware_and_utc():
    with time_machine.travel(datetime(2026, 2, 1, 9, 30, tzinfo=UTC), tick=False):
        moment = clock.now()
    assert moment == datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 2, 1, 9, 30, tzinfo=UTC), "2026-02-01T09:30:00Z"),
        (datetime(2026, 2, 1, 9, 30, 59, 999_999, tzinfo=UTC), "2026-02-01T09:30:59Z"),
        (
            datetime(2026, 2, 1, 0, 30, tzinfo=timezone(timedelta(hours=7))),
            "2026-01-31T17:30:00Z",
        ),
    ],
)
def test_isoformat_z_writes_utc_seconds(moment, text):
    assert clock.isoformat_z(moment) == text


def test_a_naive_datetime_is_refused():
    with pytest.raises(ValueError, match="naive"):
        clock.isoformat_z(datetime(2026, 2, 1))  # noqa: DTZ001 (the naive value is the test)


def test_log_time_has_milliseconds():
    assert clock.isoformat_ms(1_769_938_200.1239) == "2026-02-01T09:30:00.123Z"
