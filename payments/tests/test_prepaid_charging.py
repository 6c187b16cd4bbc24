"""A prepaid charge is stopped in time, billed from its deposit, and the rest goes back once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chargers.models import BillingStatus, ChargingSession, Command, StopLatency
from chargers.services.billing import hold_session, release_session
from payments.chart import Code, cpo_account
from payments.models import (
    Bill,
    BillLineKind,
    ChargeStatus,
    PrepaidCharge,
    Refund,
    RefundCause,
    StopReason,
)
from payments.selectors.progress import RefundState, Stage, progress
from payments.selectors.wallet import wallet
from payments.services import ledger
from payments.services.billing import bill_session
from payments.services.check_books import check_books
from payments.services.prepaid import following, stopping
from payments.services.prepaid.closing import deposit_of
from payments.services.prepaid.guarding import guard_charge
from payments.services.prepaid.stopping import stop_charging
from payments.services.refunds.starting import request_refund
from payments.tests.factories import make_member, make_session, make_staff
from payments.tests.payments import refund_all
from payments.tests.prepaid import (
    again,
    charge_of,
    charging,
    make_seller,
    measure,
    set_price,
    unplug,
)
from tariffs.pricing import Snapshot, snapshot_from_json, to_json
from tariffs.pricing.tariff import Component, Kind
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError

pytestmark = pytest.mark.django_db


def stops(intent):
    return Command.objects.filter(
        action="RemoteStopTransaction",
        payload={"transactionId": again(intent).session.transaction_id},
    )


def proven():
    return {name for name, found in check_books().items() if found} == set()


def refunds_of(intent):
    return list(Refund.objects.filter(intent=intent).values_list("cause", "amount"))


# --- the bill and the rest ---------------------------------------------------------------------


def test_bill_takes_what_was_used_and_the_rest_goes_back(fake):
    intent = charging(fake, amount=50_000)
    session = unplug(intent, 19_000, reason="EVDisconnected")
    bill = bill_session(session.pk)
    assert bill.total == 38_000
    assert refunds_of(intent) == [(RefundCause.REST, 12_000)]
    assert deposit_of(intent) == 0
    assert again(intent).closed_at is not None
    assert charge_of(intent).status == ChargeStatus.ENDED
    told = progress(intent)
    assert (told.stage, told.cost, told.refunded, told.remaining) == (
        Stage.DONE,
        38_000,
        12_000,
        0,
    )
    assert told.lines[0].amount == 38_000
    assert wallet(intent.cpo).pending == 34_200  # less 10 % commission
    assert proven()


def test_billing_again_gives_nothing_back_again(fake):
    intent = charging(fake)
    session = unplug(intent, 10_000)
    first = bill_session(session.pk)
    assert bill_session(session.pk) == first
    following.follow_charges()
    following.close_charge(session.pk)
    assert refunds_of(intent) == [(RefundCause.REST, 30_000)]


def test_sweep_bills_what_a_lost_nudge_left(fake):
    intent = charging(fake)
    unplug(intent, 10_000)
    assert progress(intent).stage == Stage.BILLING
    assert following.follow_charges() == 1
    assert refunds_of(intent) == [(RefundCause.REST, 30_000)]
    assert following.follow_charges() == 0


def test_session_that_ended_before_it_was_bound_is_billed_from_its_deposit(fake):
    intent = charging(fake)
    PrepaidCharge.objects.filter(intent=intent).update(status=ChargeStatus.STARTING)
    session = unplug(intent, 10_000)
    type(intent).objects.filter(pk=intent.pk).update(session=None)
    set_price(intent.charger, per_kwh=9_000)
    assert bill_session(session.pk).total == 20_000
    assert again(intent).session == session
    assert refunds_of(intent) == [(RefundCause.REST, 30_000)]


def test_refund_of_the_rest_arrives(fake):
    intent = charging(fake, amount=50_000)
    bill_session(unplug(intent, 19_000).pk)
    refund_all(intent)
    intent = again(intent)
    assert (intent.status, intent.refunded) == ("partially_refunded", 12_000)
    assert progress(intent).refund_state == RefundState.DONE
    assert proven()


def test_nothing_flowed_and_everything_goes_back_although_there_is_a_session_fee(fake):
    charger = make_seller(session_fee=25_000)
    intent = charging(fake, charger)
    bill = bill_session(unplug(intent, 0).pk)
    assert (bill.total, bill.lines.count()) == (0, 0)
    assert refunds_of(intent) == [(RefundCause.REST, 50_000)]
    assert proven()


def test_what_was_delivered_beyond_the_payment_is_a_waived_line(fake):
    intent = charging(fake, amount=20_000)
    bill = bill_session(unplug(intent, 10_250).pk)
    assert (bill.total, progress(intent).cost) == (20_000, 20_000)
    assert ChargingSession.objects.get().cost == 20_000
    assert [(line.kind, line.amount) for line in bill.lines.order_by("position")] == [
        (BillLineKind.ENERGY, 20_500),
        (BillLineKind.WAIVED, -500),
    ]
    assert refunds_of(intent) == []
    assert deposit_of(intent) == 0
    fee = ledger.balance_of(cpo_account(Code.PLATFORM_FEE_REVENUE, intent.cpo_id))
    assert (fee, wallet(intent.cpo).pending) == (2_000, 18_000)
    assert proven()


def test_held_session_keeps_the_deposit_until_a_person_has_looked(fake):
    intent = charging(fake)
    session = unplug(intent, 10_000)
    hold_session(session.pk, reason="odd")
    following.follow_charges()
    assert progress(intent).stage == Stage.HELD
    assert deposit_of(intent) == 50_000
    release_session(session.pk, actor=make_staff(), reason="fine")
    following.follow_charges()
    assert refunds_of(intent) == [(RefundCause.REST, 30_000)]


def test_session_that_was_written_off_is_paid_back_whole(fake):
    intent = charging(fake)
    session = unplug(intent, 10_000)
    ChargingSession.objects.filter(pk=session.pk).update(billing_status=BillingStatus.NOT_BILLABLE)
    assert following.follow_charges() == 1
    assert progress(intent).stage == Stage.RETURNED
    assert refunds_of(intent) == [(RefundCause.REST, 50_000)]


def test_money_of_a_running_charge_is_not_given_back_by_hand(fake):
    intent = charging(fake)
    with pytest.raises(ConflictError) as refusal:
        request_refund(intent, actor=make_staff(), reason="asked")
    assert refusal.value.code == "charge_running"
    assert deposit_of(intent) == 50_000


def test_session_on_account_is_owed_as_before(fake):
    bill = bill_session(make_session().pk)
    account = bill.booking.entries.get(side="D").account
    assert account.code == Code.DRIVER_RECEIVABLE


# --- the guard ---------------------------------------------------------------------------------


def look(intent, at):
    """The guard comes in time."""
    PrepaidCharge.objects.filter(intent=intent).update(look_at=at)
    return guard_charge(intent.pk, now=at)


def test_charge_far_from_its_end_is_left_alone_and_looked_at_later(fake):
    intent = charging(fake, amount=50_000)
    measure(intent, 10_000, power_w=11_000)
    now = clock.now()
    assert look(intent, now) is None
    assert not stops(intent).exists()
    assert charge_of(intent).look_at == now + timedelta(seconds=60)


def test_charge_is_stopped_before_the_money_is_used_up(fake):
    intent = charging(fake, amount=50_000)
    # 22 kW at 2,000 a kWh are 12.2 rupiah a second: 5 s until the next look and 15 s of latency.
    session = measure(intent, 24_870, power_w=22_000)
    at = session.last_reading_at
    assert look(intent, at) is None
    assert charge_of(intent).look_at == at + timedelta(seconds=5)
    measure(intent, 24_880, power_w=22_000, at=at + timedelta(seconds=1))
    assert look(intent, at + timedelta(seconds=1)) == StopReason.AMOUNT
    assert stops(intent).count() == 1
    told = progress(intent)
    assert (told.stage, told.stop_reason) == (Stage.STOPPING, StopReason.AMOUNT)


def test_charger_known_to_stop_at_once_may_go_on_longer(fake):
    intent = charging(fake, amount=50_000)
    StopLatency.objects.create(
        charger=intent.charger, mean_ms=2_000, deviation_ms=0, measured_at=clock.now()
    )
    session = measure(intent, 24_900, power_w=22_000)
    assert look(intent, session.last_reading_at) is None
    session = measure(intent, 24_965, power_w=22_000, at=clock.now() + timedelta(seconds=1))
    assert look(intent, session.last_reading_at) == StopReason.AMOUNT


def test_meter_that_is_silent_is_carried_on_at_its_power(fake):
    intent = charging(fake, amount=50_000)
    session = measure(intent, 24_000, power_w=22_000)
    # 880 Wh to go: 144 s at this power, less 20.
    at = session.last_reading_at
    assert look(intent, at + timedelta(seconds=120)) is None
    assert look(intent, at + timedelta(seconds=150)) == StopReason.AMOUNT


def test_charge_without_power_in_its_readings_goes_by_its_mean(fake):
    intent = charging(fake, amount=50_000, since_s=3_600)
    session = measure(intent, 11_000)
    at = session.last_reading_at
    assert look(intent, at) is None
    session = measure(intent, 24_900, at=at + timedelta(seconds=1))
    # 24.9 kW in the mean: 138 Wh in the 20 s.
    assert look(intent, session.last_reading_at) == StopReason.AMOUNT


def test_energy_that_was_bought_ends_the_charge(fake):
    intent = charging(fake, amount=50_000, limit_energy_wh=5_000)
    session = measure(intent, 4_950, power_w=11_000)
    assert look(intent, session.last_reading_at) == StopReason.ENERGY


def test_minutes_that_were_bought_end_the_charge(fake):
    intent = charging(fake, amount=50_000, limit_minutes=62)
    measure(intent, 1_000, power_w=2_000)
    session = again(intent).session
    early = session.started_at + timedelta(minutes=61, seconds=30)
    assert look(intent, early) is None
    late = session.started_at + timedelta(minutes=61, seconds=40)
    assert look(intent, late) == StopReason.MINUTES


def test_stop_is_repeated_until_it_ends_and_then_a_person_is_told(fake):
    intent = charging(fake, amount=20_000)
    at = measure(intent, 12_000, power_w=11_000).last_reading_at
    for step in range(8):
        look(intent, at + timedelta(seconds=step))
        # As if each had been answered half a minute ago.
        stops(intent).update(status="answered")
        before = clock.now() - timedelta(seconds=30)
        PrepaidCharge.objects.filter(intent=intent).update(stop_repeated_at=before)
    charge = charge_of(intent)
    assert (stops(intent).count(), charge.stop_tries) == (6, 6)
    assert charge.trouble == ""
    PrepaidCharge.objects.filter(intent=intent).update(
        stop_repeated_at=clock.now() - timedelta(minutes=6)
    )
    guard_charge(intent.pk)
    assert charge_of(intent).trouble == stopping.DOES_NOT_STOP
    bill_session(unplug(intent, 12_100).pk)
    assert charge_of(intent).trouble == ""


def test_stop_on_its_way_is_not_sent_twice(fake):
    intent = charging(fake, amount=20_000)
    measure(intent, 12_000, power_w=11_000)
    assert guard_charge(intent.pk) == StopReason.AMOUNT
    assert guard_charge(intent.pk) == StopReason.AMOUNT
    assert stops(intent).count() == 1


def test_sweep_guards_what_is_due(fake):
    intent = charging(fake, amount=20_000)
    measure(intent, 12_000, power_w=11_000)
    assert following.guard_charges() == 1
    assert stops(intent).count() == 1


def test_driver_stops_and_gets_the_rest(fake):
    intent = charging(fake)
    measure(intent, 5_000, power_w=11_000)
    assert progress(intent).may_stop
    stop_charging(intent, actor="driver")
    stop_charging(intent, actor="driver")
    assert stops(intent).count() == 1
    assert progress(intent).stop_reason == StopReason.DRIVER
    bill_session(unplug(intent, 5_100).pk)
    assert refunds_of(intent) == [(RefundCause.REST, 39_800)]


def test_only_those_who_run_the_charger_stop_it_for_a_driver(fake):
    intent = charging(fake)
    stranger = make_member(make_seller().cpo, role="owner")
    with pytest.raises(ForbiddenError):
        stop_charging(intent, actor=stranger)
    stop_charging(intent, actor=make_member(intent.cpo, role="operator"))
    assert progress(intent).stop_reason == StopReason.STAFF


def test_how_long_a_stop_took_is_remembered_per_charger(fake):
    intent = charging(fake)
    stop_charging(intent, actor="driver")
    stops(intent).update(created_at=clock.now() - timedelta(seconds=4))
    bill_session(unplug(intent, 5_000).pk)
    known = StopLatency.objects.get(charger=intent.charger)
    assert 4_000 <= known.mean_ms < 10_000
    assert known.samples == 1


def test_charger_that_was_away_is_settled_by_what_it_reports_at_last(fake):
    intent = charging(fake, amount=50_000)
    at = measure(intent, 10_000, power_w=11_000).last_reading_at
    assert look(intent, at + timedelta(hours=2)) == StopReason.AMOUNT
    assert not Bill.objects.exists()
    # It had stopped long ago.
    session = unplug(intent, 12_000, at=at + timedelta(minutes=1), reason="PowerLoss")
    assert bill_session(session.pk).total == 24_000
    assert refunds_of(intent) == [(RefundCause.REST, 26_000)]


def test_blocking_that_costs_more_than_charging_is_looked_at_in_time(fake):
    intent = charging(fake, make_seller(per_kwh=100), amount=20_000)
    rules = snapshot_from_json(intent.charge.tariff_snapshot).rules
    blocking = Component(Kind.PARKING_TIME, Decimal(60_000))
    element = replace(rules.elements[0], components=(*rules.elements[0].components, blocking))
    costly = to_json(Snapshot(replace(rules, elements=(element,)), "Asia/Jakarta"))
    PrepaidCharge.objects.update(tariff_snapshot=costly)
    at = measure(intent, 9_000, power_w=0).last_reading_at
    # 900 for the energy, then 1,000 a minute: 19 minutes and 6 seconds are paid for.
    early = at + timedelta(minutes=18, seconds=30)
    assert look(intent, early) is None
    assert charge_of(intent).look_at == early + timedelta(seconds=15)
    assert look(intent, at + timedelta(minutes=18, seconds=50)) == StopReason.AMOUNT


def test_guard_that_comes_late_reckons_with_coming_late_again(fake):
    intent = charging(fake, amount=50_000)
    session = measure(intent, 24_500, power_w=22_000)
    at = session.last_reading_at
    # 500 Wh are 81 s at this power; 20 are reckoned with, or 60 more.
    assert look(intent, at + timedelta(seconds=10)) is None
    late = at + timedelta(seconds=12)
    PrepaidCharge.objects.filter(intent=intent).update(look_at=late - timedelta(minutes=2))
    assert guard_charge(intent.pk, now=late) == StopReason.AMOUNT
