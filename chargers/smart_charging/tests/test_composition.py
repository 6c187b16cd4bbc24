"""What profiles add up to: hand-made cases, and what must hold for any profiles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargers.smart_charging.comparison import compare
from chargers.smart_charging.composition import Question, Running, compose, limit_at
from chargers.smart_charging.profiles import Period, Profile, from_wire
from chargers.smart_charging.units import Supply, floor

T = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUNNING = Running(77, T - HOUR)


def profile(profile_id=1, purpose="TxDefaultProfile", limit=16, **values):
    defaults = {
        "stack_level": 0,
        "kind": "Absolute",
        "unit": "A",
        "periods": (Period(0, Decimal(limit)),),
        "connector": 1 if purpose == "TxProfile" else 0,
        "start_at": T - HOUR,
        "transaction_id": 77 if purpose == "TxProfile" else None,
    }
    return Profile(profile_id=profile_id, purpose=purpose, **(defaults | values))


def question(hours=4, **values):
    return Question(**({"connector": 1, "begin": T, "end": T + hours * HOUR} | values))


def shown(slots):
    return [
        (slot.begin, slot.limit, slot.profile.profile_id if slot.profile else None)
        for slot in slots
    ]


def test_without_profiles_nothing_limits():
    assert shown(compose([], question())) == [(T, None, None)]


@pytest.mark.proves("TC_056", "TC_057")
def test_highest_stack_level_that_is_valid_wins():
    low = profile(1, limit=16)
    high = profile(2, limit=20, stack_level=2, valid_to=T + HOUR)
    assert shown(compose([low, high], question())) == [
        (T, Decimal("20.0"), 2),
        (T + HOUR, Decimal("16.0"), 1),
    ]


def test_tx_profile_overrules_the_default_even_with_a_higher_limit():
    slots = compose(
        [profile(1, limit=10), profile(2, "TxProfile", limit=25)], question(running=RUNNING)
    )
    assert shown(slots) == [(T, Decimal("25.0"), 2)]
    assert [other.profile_id for other in slots[0].overruled] == [1]


def test_tx_profile_of_another_transaction_is_not_asked():
    slots = compose(
        [profile(1, limit=10), profile(2, "TxProfile", limit=25, transaction_id=5)],
        question(running=RUNNING),
    )
    assert shown(slots) == [(T, Decimal("10.0"), 1)]


def test_default_of_the_connector_goes_before_the_default_of_all():
    slots = compose(
        [profile(1, limit=10, stack_level=5), profile(2, limit=8, connector=1)], question()
    )
    assert shown(slots) == [(T, Decimal("8.0"), 2)]


def test_charge_point_maximum_caps_and_is_converted():
    cap = profile(3, "ChargePointMaxProfile", unit="W", limit=6900)
    slots = compose([profile(1, limit=16), cap], question())
    assert shown(slots) == [(T, Decimal("10.0"), 3)]
    one_phase = question(supply=Supply(phases=1))
    assert shown(compose([profile(1, limit=16), cap], one_phase)) == [(T, Decimal("16.0"), 1)]


def test_connector_0_has_only_the_charge_point_maximum():
    cap = profile(3, "ChargePointMaxProfile", limit=40)
    slots = compose([profile(1, limit=10), cap], question(connector=0))
    assert shown(slots) == [(T, Decimal("40.0"), 3)]


def test_daily_schedule_repeats_and_leaves_gaps():
    night = profile(
        1,
        kind="Recurring",
        recurrency="Daily",
        start_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
        duration_s=2 * 3600,
        periods=(Period(0, Decimal(6)), Period(3600, Decimal(8))),
    )
    assert shown(compose([night], question(hours=28))) == [
        (T, None, None),
        (T + 2 * HOUR, Decimal("6.0"), 1),
        (T + 3 * HOUR, Decimal("8.0"), 1),
        (T + 4 * HOUR, None, None),
        (T + 26 * HOUR, Decimal("6.0"), 1),
        (T + 27 * HOUR, Decimal("8.0"), 1),
    ]


def test_weekly_schedule_comes_back_after_seven_days():
    weekly = profile(
        1, kind="Recurring", recurrency="Weekly", start_at=T - timedelta(days=7), duration_s=3600
    )
    assert shown(compose([weekly], question(hours=2))) == [
        (T, Decimal("16.0"), 1),
        (T + HOUR, None, None),
    ]


def test_relative_schedule_counts_from_the_start_of_the_session():
    relative = profile(
        1,
        "TxProfile",
        kind="Relative",
        start_at=None,
        periods=(Period(0, Decimal(32)), Period(5400, Decimal(10))),
    )
    assert shown(compose([relative], question(running=RUNNING))) == [
        (T, Decimal("32.0"), 1),
        (T + timedelta(minutes=30), Decimal("10.0"), 1),
    ]


def test_wire_form_comes_back_the_same():
    whole = profile(
        9,
        "TxProfile",
        kind="Recurring",
        recurrency="Daily",
        limit="10.6",
        valid_from=T,
        valid_to=T + HOUR,
        duration_s=600,
        min_rate=Decimal("6.5"),
    )
    assert from_wire(whole.as_wire(), 1) == whole
    assert whole.as_wire()["chargingSchedule"]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 10.6}
    ]


@pytest.mark.proves("GetCompositeSchedule", "TC_066")
def test_charger_that_answers_otherwise_is_marked():
    slots = compose([profile(1, limit=16)], question(hours=2))
    answer = {
        "status": "Accepted",
        "scheduleStart": "2026-03-02T10:00:00Z",
        "chargingSchedule": {
            "duration": 7200,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 16},
                {"startPeriod": 3600, "limit": 10.0},
            ],
        },
    }
    rows = compare(slots, answer, asked_at=T, unit="A")
    assert [(row.begin, row.ours, row.theirs, row.differs) for row in rows] == [
        (T, Decimal("16.0"), Decimal("16.0"), False),
        (T + HOUR, Decimal("16.0"), Decimal("10.0"), True),
    ]
    assert [row.said for row in compare(slots, answer, asked_at=T, unit="W")] == [False]
    for broken in (None, {"chargingSchedule": 5}, {"chargingSchedule": {"chargingRateUnit": "A"}}):
        assert [row.said for row in compare(slots, broken, asked_at=T, unit="A")] == [False]


def test_charger_that_knows_no_limit_says_minus_one():
    slots = compose([profile(1, limit=16)], question(hours=1))
    schedule = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": -1}],
    }
    (row,) = compare(slots, {"chargingSchedule": schedule}, asked_at=T, unit="A")
    assert (row.theirs, row.differs) == (None, True)


moments = st.integers(-48, 48).map(lambda quarter: T + timedelta(minutes=15 * quarter))
limits = st.integers(0, 400).map(lambda tenths: Decimal(tenths) / 10)
periods = st.lists(
    st.tuples(st.integers(1, 30).map(lambda n: n * 600), limits),
    max_size=3,
    unique_by=lambda p: p[0],
)


@st.composite
def profiles(draw):
    purpose = draw(st.sampled_from(["TxProfile", "TxDefaultProfile", "ChargePointMaxProfile"]))
    kind = draw(st.sampled_from(["Absolute", "Recurring", "Relative"]))
    later = sorted(draw(periods))
    return profile(
        draw(st.integers(1, 99)),
        purpose,
        kind=kind,
        stack_level=draw(st.integers(0, 3)),
        unit=draw(st.sampled_from(["A", "W"])),
        periods=(Period(0, draw(limits)), *(Period(*each) for each in later)),
        recurrency=draw(st.sampled_from(["Daily", "Weekly"])) if kind == "Recurring" else None,
        start_at=draw(moments),
        valid_from=draw(st.none() | moments),
        valid_to=draw(st.none() | moments),
        duration_s=draw(st.none() | st.integers(600, 90_000)),
    )


@given(st.lists(profiles(), max_size=6), st.booleans())
def test_composite_has_no_gap_and_is_never_above_a_cap(installed, runs):
    asked = question(hours=30, running=RUNNING if runs else None)
    slots = compose(installed, asked)
    assert (slots[0].begin, slots[-1].end) == (asked.begin, asked.end)
    assert all(first.end == second.begin for first, second in pairwise(slots))
    zero = RUNNING.started_at if runs else asked.begin
    for slot in slots:
        caps = [each for each in installed if each.purpose == "ChargePointMaxProfile"]
        speaking = [each for each in caps if each.period_at(slot.begin, zero)]
        if not speaking:
            continue
        top = max(each.stack_level for each in speaking)
        allowed = [
            floor(asked.supply.convert(each.period_at(slot.begin, zero).limit, each.unit, "A"))
            for each in speaking
            if each.stack_level == top
        ]
        assert slot.limit is not None
        assert slot.limit <= max(allowed)


@given(st.lists(profiles(), max_size=5), st.integers(0, 30 * 60))
def test_composite_says_at_every_minute_what_the_profiles_say_then(installed, minute):
    asked = question(hours=30, running=RUNNING)
    at = T + timedelta(minutes=minute) if minute < 30 * 60 else T
    slot = next(slot for slot in compose(installed, asked) if slot.begin <= at < slot.end)
    alone = limit_at(installed, asked, at)
    assert (slot.limit, slot.profile) == (alone.limit, alone.profile)


@given(st.lists(profiles(), max_size=5))
def test_order_of_installation_does_not_matter(installed):
    unique = list({each.profile_id: each for each in installed}.values())
    asked = question(running=RUNNING)
    there = [(s.begin, s.limit) for s in compose(unique, asked)]
    back = [(s.begin, s.limit) for s in compose(list(reversed(unique)), asked)]
    assert there == back


@given(st.lists(profiles(), min_size=1, max_size=4))
def test_profile_that_is_over_says_nothing(installed):
    past = [replace(each, valid_from=None, valid_to=T) for each in installed]
    assert shown(compose(past, question(running=RUNNING))) == [(T, None, None)]
