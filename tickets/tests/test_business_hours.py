from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tickets.business_hours import BusinessHours

JAKARTA = ZoneInfo("Asia/Jakarta")  # UTC+7, no summer time
WEEK = frozenset(range(5))
OFFICE = BusinessHours(JAKARTA, time(9), time(17), WEEK)
# 2 March 2026 is a Monday.
CASES = [
    ("within the day", (2, 10), 2, (2, 12)),
    ("to the minute of closing", (2, 9), 8, (2, 17)),
    ("over the night", (2, 16), 2, (3, 10)),
    ("over the weekend", (6, 16), 2, (9, 10)),
    ("begun before opening", (2, 5), 1, (2, 10)),
    ("begun on a Sunday", (8, 12), 1, (9, 10)),
]


def local(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=JAKARTA)


@pytest.mark.parametrize(
    ("start", "hours", "due"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_work_is_due_when_its_business_hours_have_passed(start, hours, due):
    answer = OFFICE.due_at(local(*start), timedelta(hours=hours))
    assert answer == local(*due)
    assert answer.tzinfo is UTC
    assert OFFICE.worked_between(local(*start), answer) == timedelta(hours=hours)


def test_a_holiday_does_not_count():
    hours = BusinessHours(JAKARTA, time(9), time(17), WEEK, frozenset({date(2026, 3, 3)}))
    assert hours.due_at(local(2, 16), timedelta(hours=2)) == local(4, 10)
    assert hours.worked_between(local(3, 0), local(4, 0)) == timedelta(0)


def test_no_time_passes_backwards():
    assert OFFICE.worked_between(local(3, 12), local(2, 12)) == timedelta(0)


def test_summer_time_moves_the_hours_in_utc():
    berlin = BusinessHours(ZoneInfo("Europe/Berlin"), time(9), time(17), WEEK)
    friday = datetime(2026, 3, 27, 15, tzinfo=UTC)  # 16:00, the last Friday of winter time
    assert berlin.due_at(friday, timedelta(hours=2)) == datetime(2026, 3, 30, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("opens", "closes", "weekdays", "field"),
    [
        (time(17), time(9), WEEK, "closes"),
        (time(9), time(9), WEEK, "closes"),
        (time(9), time(17), frozenset(), "weekdays"),
        (time(9), time(17), frozenset({7}), "weekdays"),
    ],
)
def test_hours_in_which_nobody_works_are_refused_by_field(opens, closes, weekdays, field):
    with pytest.raises(ValueError, match=f"^{field}: "):
        BusinessHours(JAKARTA, opens, closes, weekdays)


def test_negative_work_is_refused():
    with pytest.raises(ValueError, match=r"^working: "):
        OFFICE.due_at(local(2, 10), timedelta(hours=-1))


def test_a_calendar_of_holidays_only_is_refused():
    days = frozenset(date(2026, 3, 2) + timedelta(days=n) for n in range(1200))
    hours = BusinessHours(JAKARTA, time(9), time(17), WEEK, days)
    with pytest.raises(ValueError, match=r"^holidays: "):
        hours.due_at(local(2, 10), timedelta(hours=1))
