"""The guard by itself: it never lets a charge overrun, and never ends one long before its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from payments.models import StopReason
from payments.services.prepaid.guarding import LOOKS, SOONEST, Limits, Meter, judge
from tariffs.pricing import Period, SimpleTariff, Snapshot, Usage, price, simple_rules

BEGAN = datetime(2026, 3, 9, 5, tzinfo=UTC)
BEAT_S = int(SOONEST.total_seconds())


def sold(per_kwh="2467", session_fee="0"):
    rules = simple_rules(SimpleTariff(Decimal(per_kwh), Decimal(session_fee)))
    return Snapshot(rules, "Asia/Jakarta")


def at(seconds):
    return BEGAN + timedelta(seconds=seconds)


def usage_until(seconds, power_w):
    return Usage(BEGAN, at(seconds), (Period(BEGAN, power_w * seconds // 3600),))


def cost_at(snapshot, seconds, power_w):
    return price(snapshot, usage_until(seconds, power_w)).rounded(0).total


def stopped_after(snapshot, limits, *, power_w, most_w, latency, every_s):
    """When the guard asks for the stop (s); readings come `every_s`, looks when they are due."""
    look = 0
    while True:
        read = look - look % every_s
        meter = Meter(usage_until(read, power_w), at(read), (power_w,), most_w)
        reason, wait = judge(snapshot, meter, limits, now=at(look), latency=latency)
        if reason is not None:
            return look, reason
        assert wait in (*LOOKS, SOONEST)
        # The beat comes after the look is due.
        look += -(-int(wait.total_seconds()) // BEAT_S) * BEAT_S


powers = st.integers(7_000, 350_000)
latencies = st.integers(2, 60).map(lambda seconds: timedelta(seconds=seconds))


@settings(max_examples=25, deadline=None)
@given(
    power_w=powers,
    spare_w=st.integers(0, 100_000),
    latency=latencies,
    amount=st.integers(10_000, 60_000),
    every_s=st.sampled_from([5, 15, 60]),
)
def test_money_is_never_overrun_and_hardly_left(power_w, spare_w, latency, amount, every_s):
    snapshot = sold()
    asked, reason = stopped_after(
        snapshot,
        Limits(amount),
        power_w=power_w,
        most_w=power_w + spare_w,
        latency=latency,
        every_s=every_s,
    )
    assert reason == StopReason.AMOUNT
    seconds = int(latency.total_seconds())
    assert cost_at(snapshot, asked + seconds, power_w) <= amount or asked == 0
    # Another beat or two, and it would have been too much.
    assert cost_at(snapshot, asked + seconds + 2 * BEAT_S + 1, power_w) > amount


@settings(max_examples=20, deadline=None)
@given(power_w=powers, latency=latencies, energy_wh=st.integers(2_000, 20_000))
def test_energy_that_was_bought_is_never_overrun(power_w, latency, energy_wh):
    asked, reason = stopped_after(
        sold(),
        Limits(10**9, energy_wh),
        power_w=power_w,
        most_w=power_w,
        latency=latency,
        every_s=15,
    )
    assert reason == StopReason.ENERGY
    end = asked + int(latency.total_seconds())
    assert usage_until(end, power_w).energy_wh <= energy_wh or asked == 0


def test_session_fee_is_part_of_what_is_used_up():
    asked, _reason = stopped_after(
        sold(session_fee="25000"),
        Limits(30_000),
        power_w=60_000,
        most_w=60_000,
        latency=timedelta(seconds=10),
        every_s=15,
    )
    # 5,000 rupiah are 2.03 kWh: two minutes at 60 kW.
    assert 100 <= asked <= 115


def test_charge_without_a_price_is_guarded_by_energy_and_time_alone():
    meter = Meter(usage_until(600, 7_000), at(600), (7_000,), 7_000)
    latency = timedelta(seconds=15)
    judged = judge(None, meter, Limits(1), now=at(600), latency=latency)
    assert judged == (None, LOOKS[0])
    timed = Limits(None, lasts=timedelta(minutes=10, seconds=15))
    assert judge(None, meter, timed, now=at(600), latency=latency)[0] == StopReason.MINUTES
