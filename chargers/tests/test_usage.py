"""From readings to periods: the energy is the session's, whatever the readings say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargers.models import ChargingSession, MeterReading
from chargers.selectors.quotes import quote_of
from chargers.selectors.usage import usage_of, usages_of
from chargers.tests.factories import (
    at,
    make_charger,
    make_token,
    meter_values,
    reading,
    send_one,
    start,
    stop,
)
from tariffs.pricing import State

pytestmark = pytest.mark.django_db


def charged(*readings, meter_stop=3000, seconds=600, meter_start=1000):
    charger = make_charger()
    token = make_token()
    answer = send_one(charger, start(token.token, meter=meter_start, seconds=-7200))
    if readings:
        send_one(charger, meter_values(answer.transaction_id, *readings))
    send_one(charger, stop(answer.transaction_id, meter=meter_stop, seconds=seconds - 7200))
    return ChargingSession.objects.get(transaction_id=answer.transaction_id)


def later(seconds, energy=None, **values):
    return reading(seconds - 7200, energy, **values)


def periods_of(session):
    usage = usage_of(session)
    return [
        (
            int((period.start - session.started_at).total_seconds()),
            int(period.energy_wh),
            period.state,
        )
        for period in usage.periods
    ]


def test_session_without_readings_is_one_period():
    session = charged()
    usage = usage_of(session)
    assert (usage.started_at, usage.ended_at) == (at(-7200), at(-6600))
    assert periods_of(session) == [(0, 2000, State.CHARGING)]


def test_time_without_energy_is_idle():
    session = charged(later(120, 2000), later(240, 3000), later(360, 3000), later(480, 3000))
    assert periods_of(session) == [
        (0, 1000, State.CHARGING),
        (120, 1000, State.CHARGING),
        (240, 0, State.IDLE),
    ]


def test_power_without_a_step_of_the_register_is_charging():
    session = charged(later(120, 2999, power_w=0), later(240, 2999, power_w=900), meter_stop=2999)
    assert [state for _start, _wh, state in periods_of(session)] == [
        State.CHARGING,
        State.CHARGING,
        State.CHARGING,
    ]


def test_close_readings_become_one_period():
    session = charged(*[later(n * 5, 1000 + n * 10) for n in range(1, 25)])
    assert periods_of(session) == [
        (0, 120, State.CHARGING),
        (60, 120, State.CHARGING),
        (120, 1760, State.CHARGING),
    ]


def test_interval_readings_make_the_curve_where_there_is_no_register():
    session = charged(later(300, interval_wh=500), later(400, interval_wh=1500))
    assert periods_of(session) == [
        (0, 500, State.CHARGING),
        (300, 1500, State.CHARGING),
        (400, 0, State.IDLE),
    ]


def test_absurd_readings_say_nothing():
    session = charged(
        later(-500, 1500), later(100, 81_000_000), later(200, 2000), later(99_999, 2500)
    )
    assert periods_of(session) == [
        (0, 0, State.IDLE),
        (100, 1000, State.CHARGING),
        (200, 1000, State.CHARGING),
    ]


def test_current_of_a_period_is_what_was_measured_at_its_end():
    session = charged(
        later(100, 1500, current_ma=16_000),
        later(130, 1600, current_ma=32_000),
        later(300, 2500),
        meter_stop=2500,
    )
    found = [(period.state, period.current_ma) for period in usage_of(session).periods]
    assert found == [
        (State.CHARGING, 16_000),
        (State.CHARGING, 32_000),
        (State.CHARGING, None),
        (State.IDLE, None),
    ]


def test_close_readings_keep_the_highest_current():
    session = charged(
        *[later(n * 10, 1000 + n * 50, current_ma=1_000 * n) for n in range(1, 6)],
        meter_stop=1300,
        seconds=60,
    )
    assert [period.current_ma for period in usage_of(session).periods] == [5_000]


def test_running_session_is_used_until_now():
    charger = make_charger()
    make_token("A")
    answer = send_one(charger, start("A"))
    send_one(charger, meter_values(answer.transaction_id, reading(60, 1500)))
    usage = usage_of(ChargingSession.objects.get(), now=at(90))
    assert (usage.ended_at, usage.energy_wh) == (at(90), 500)


def test_usages_of_many_sessions_are_one_query(django_assert_num_queries):
    sessions = [charged(later(100, 1500)) for _ in range(5)]
    with django_assert_num_queries(1):
        usages = usages_of(sessions)
    assert [usages[session.pk].energy_wh for session in sessions] == [2000] * 5


def test_session_without_a_tariff_has_no_quote():
    session = charged()
    session.tariff_snapshot = None
    assert quote_of(session) is None


@settings(max_examples=150)
@given(
    values=st.lists(
        st.tuples(
            st.integers(-100, 1000),
            st.none() | st.integers(0, 5000),
            st.none() | st.integers(0, 900),
            st.none() | st.integers(0, 22_000),
        ),
        max_size=12,
    ),
    energy=st.integers(0, 4000),
    length=st.integers(0, 900),
)
def test_energy_of_the_periods_is_always_the_sessions(values, energy, length):
    from chargers.selectors.usage import _usage

    session = ChargingSession(
        started_at=at(0), ended_at=at(length), meter_start_wh=1000, energy_wh=energy
    )
    readings = [
        MeterReading(measured_at=at(s), energy_wh=wh, interval_wh=interval, power_w=power)
        for s, wh, interval, power in sorted(values, key=lambda value: value[0])
    ]
    usage = _usage(session, readings, at(0))
    assert usage.energy_wh == energy
    assert (usage.started_at, usage.ended_at) == (at(0), at(length))
    assert all(period.start >= at(0) for period in usage.periods)
