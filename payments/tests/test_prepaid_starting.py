"""Paid: the charger is asked to start, once; what does not start goes back, whole."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.models import (
    ChargingSession,
    Command,
    IdToken,
    IdTokenStatus,
    RemoteStart,
)
from chargers.services import outcomes
from chargers.services.authorization import authorize
from chargers.services.remote_starts.intents import expire_remote_starts
from chargers.services.reservations.asking import reserve
from chargers.tests.factories import make_token
from payments import tasks
from payments.chart import transit_account
from payments.models import ChargeStatus, PaymentEvent, PrepaidCharge, Refund, RefundCause
from payments.selectors.progress import RefundState, Stage, progress
from payments.services import ledger
from payments.services.prepaid import following, starting
from payments.services.prepaid.closing import deposit_of
from payments.services.prepaid.starting import decide_start, start_paid
from payments.services.prepaid.stopping import stop_charging
from payments.services.refunds.starting import request_refund
from payments.tests.factories import make_staff
from payments.tests.payments import begin, pay, refund_all
from payments.tests.prepaid import (
    again,
    answer,
    buy,
    charge_of,
    charging,
    make_seller,
    plug_in,
    set_price,
    unplug,
)
from unievp.lib import clock
from unievp.lib.errors import ConflictError, RefusedError

pytestmark = pytest.mark.django_db


def stops():
    return Command.objects.filter(action="RemoteStopTransaction")


def given_back(intent):
    """The one refund there is: its cause and amount."""
    refund = Refund.objects.get(intent=intent)
    assert deposit_of(again(intent)) == 0
    assert ledger.balance_of(transit_account(intent.pk)) == refund.amount
    return refund.cause, refund.amount


def test_payment_asks_its_connector_to_start_with_a_tag_of_its_own(fake):
    charger = make_seller()
    intent = buy(fake, charger, connector=charger.connectors.get(number=2))
    charge = charge_of(intent)
    command = charge.remote_start.command
    assert charge.status == ChargeStatus.STARTING
    assert command.action == "RemoteStartTransaction"
    assert command.payload == {"connectorId": 2, "idTag": charge.id_token.token}
    assert charge.id_token.charger == charger
    assert len(charge.id_token.token) == 16
    assert progress(intent).stage == Stage.STARTING


def test_start_is_asked_for_once(fake):
    intent = buy(fake)
    start_paid(intent.pk)
    tasks.start_paid_charge(str(intent.pk))
    assert following.follow_charges() == 0
    assert RemoteStart.objects.count() == 1


def test_tag_is_good_at_its_charger_only(fake):
    intent = buy(fake)
    other = make_seller(cpo=intent.cpo)
    tag = charge_of(intent).id_token.token
    now = clock.now()
    assert authorize(intent.charger_id, id_tag=tag, at=now).status == "Accepted"
    assert authorize(other.pk, id_tag=tag, at=now).status == "Invalid"


def test_tag_starts_nothing_else_once_its_session_runs(fake):
    intent = buy(fake)
    answer(intent)
    plug_in(intent)
    token = charge_of(intent).id_token
    assert token.status == IdTokenStatus.BLOCKED
    info = authorize(intent.charger_id, id_tag=token.token, at=clock.now())
    assert info.status == "Blocked"


def test_session_is_the_payments_at_the_price_that_was_promised(fake):
    charger = make_seller(per_kwh=2_000)
    intent = buy(fake, charger)
    set_price(charger, per_kwh=9_000)
    answer(intent)
    assert progress(intent).stage == Stage.PLUG_IN
    session = plug_in(intent)
    intent = again(intent)
    assert intent.session == session
    assert charge_of(intent).status == ChargeStatus.CHARGING
    session.refresh_from_db()
    assert session.tariff_snapshot == intent.charge.tariff_snapshot
    assert session.tariff_version_id == intent.charge.tariff_version_id
    assert progress(intent).stage == Stage.CHARGING


def test_price_is_frozen_when_the_payment_is_made_not_when_it_is_paid(fake):
    charger = make_seller(per_kwh=2_000)
    connector = charger.connectors.get(number=1)
    intent = begin(fake, cpo=charger.cpo, charger=charger, connector=connector)
    promised = charge_of(intent).tariff_version_id
    set_price(charger, per_kwh=9_000)
    pay(fake, intent)
    start_paid(intent.pk)
    assert charge_of(intent).tariff_version_id == promised


def test_nothing_is_sold_where_there_is_no_price(fake):
    charger = make_seller()
    charger.tariff_assignments.all().delete()
    connector = charger.connectors.get(number=1)
    with pytest.raises(RefusedError) as refusal:
        begin(fake, cpo=charger.cpo, charger=charger, connector=connector)
    assert refusal.value.code == "no_tariff"


@pytest.mark.parametrize(
    ("status", "words"), [("Rejected", starting.SAID_NO), ("Accepted", starting.NOT_PLUGGED_IN)]
)
def test_start_that_comes_to_nothing_is_paid_back_whole(fake, status, words):
    intent = buy(fake)
    answer(intent, status)
    expire_remote_starts(clock.now() + timedelta(hours=2))
    assert following.follow_charges() == 1
    told = progress(intent)
    assert (told.stage, told.reason, told.refund_state) == (
        Stage.RETURNED,
        words,
        RefundState.PENDING,
    )
    assert given_back(intent) == (RefundCause.NOT_STARTED, 50_000)
    assert charge_of(intent).id_token.status == IdTokenStatus.BLOCKED
    assert following.follow_charges() == 0
    refund_all(intent)
    assert again(intent).status == "refunded"
    assert progress(intent).refund_state == RefundState.DONE


def test_charger_that_never_answers_costs_the_driver_nothing(fake):
    intent = buy(fake)
    expire_remote_starts(clock.now() + timedelta(hours=2))
    tasks.decide_paid_start(charge_of(intent).remote_start_id)
    assert progress(intent).reason == starting.UNREACHABLE
    assert given_back(intent) == (RefundCause.NOT_STARTED, 50_000)


def test_connector_in_use_is_not_asked(fake):
    charger = make_seller()
    charging(fake, charger)
    second = buy(fake, charger)
    assert progress(second).reason == starting.IN_USE
    assert given_back(second) == (RefundCause.NOT_STARTED, 50_000)
    assert RemoteStart.objects.count() == 1


def test_second_payment_at_a_connector_that_is_starting_goes_back(fake):
    charger = make_seller()
    first, second = buy(fake, charger), buy(fake, charger)
    assert progress(first).stage == Stage.STARTING
    assert progress(second).reason == starting.ALSO_STARTING
    assert given_back(second) == (RefundCause.NOT_STARTED, 50_000)
    assert IdToken.objects.count() == 1


def test_connector_that_somebody_reserved_gives_the_money_back(fake):
    charger = make_seller()
    make_token("MEMBER1")
    reserved = reserve(
        charger,
        connector_number=1,
        id_tag="MEMBER1",
        expires_at=clock.now() + timedelta(hours=1),
        actor="test",
    )
    Command.objects.filter(pk=reserved.command_id).update(status="sent", sent_at=clock.now())
    outcomes.mark_answered(reserved.command_id, response={"status": "Accepted"})
    intent = buy(fake, charger)
    assert progress(intent).reason == starting.RESERVED
    assert given_back(intent) == (RefundCause.NOT_STARTED, 50_000)


def test_retired_charger_gives_the_money_back(fake):
    charger = make_seller()
    connector = charger.connectors.get(number=1)
    intent = begin(fake, cpo=charger.cpo, charger=charger, connector=connector)
    type(charger).objects.filter(pk=charger.pk).update(retired_at=clock.now())
    pay(fake, intent)
    start_paid(intent.pk)
    assert progress(intent).reason == starting.OUT_OF_SERVICE
    assert given_back(intent) == (RefundCause.NOT_STARTED, 50_000)


def test_start_is_not_asked_long_after_the_money_was_seen(fake):
    charger = make_seller()
    connector = charger.connectors.get(number=1)
    intent = pay(fake, begin(fake, cpo=charger.cpo, charger=charger, connector=connector))
    PaymentEvent.objects.filter(intent=intent).update(at=clock.now() - timedelta(minutes=11))
    assert following.follow_charges() == 1
    assert progress(intent).reason == starting.TOO_LONG_AGO
    assert given_back(intent) == (RefundCause.NOT_STARTED, 50_000)


def test_money_that_was_given_back_before_the_start_starts_nothing(fake):
    charger = make_seller()
    connector = charger.connectors.get(number=1)
    intent = pay(fake, begin(fake, cpo=charger.cpo, charger=charger, connector=connector))
    request_refund(intent, actor=make_staff(), reason="changed my mind")
    assert following.follow_charges() == 1
    assert progress(intent).reason == starting.GIVEN_BACK
    assert given_back(intent) == (RefundCause.PERSON, 50_000)
    assert not RemoteStart.objects.exists()


def test_late_money_starts_nothing(fake):
    charger = make_seller()
    connector = charger.connectors.get(number=1)
    intent = begin(fake, cpo=charger.cpo, charger=charger, connector=connector)
    type(intent).objects.filter(pk=intent.pk).update(status="expired")
    pay(fake, intent)
    assert following.follow_charges() == 1
    assert charge_of(intent).failure == starting.LATE
    assert given_back(intent) == (RefundCause.LATE, 50_000)
    assert not RemoteStart.objects.exists()


def test_wrong_amount_waits_for_a_person_and_starts_nothing(fake):
    charger = make_seller()
    connector = charger.connectors.get(number=1)
    intent = begin(fake, cpo=charger.cpo, charger=charger, connector=connector)
    pay(fake, intent, amount=49_000)
    assert following.follow_charges() == 0
    assert progress(intent).stage == Stage.REVIEW
    assert deposit_of(intent) == 49_000


def test_sweeps_find_the_start_and_the_session_that_nudges_lost(fake):
    charger = make_seller()
    connector = charger.connectors.get(number=1)
    intent = pay(fake, begin(fake, cpo=charger.cpo, charger=charger, connector=connector))
    assert following.follow_charges() == 1
    assert charge_of(intent).status == ChargeStatus.STARTING
    answer(intent)
    plug_in(intent)
    PrepaidCharge.objects.filter(intent=intent).update(status=ChargeStatus.STARTING)
    type(intent).objects.filter(pk=intent.pk).update(session=None)
    assert following.follow_charges() == 1
    assert again(intent).session is not None


def test_charger_that_starts_another_connector_has_started_all_the_same(fake):
    intent = buy(fake)
    answer(intent)
    session = plug_in(intent, connector=2)
    assert again(intent).session == session
    expire_remote_starts(clock.now() + timedelta(hours=2))
    following.follow_charges()
    assert charge_of(intent).status == ChargeStatus.CHARGING
    assert not Refund.objects.exists()


def test_start_after_the_refund_is_refused_and_stopped(fake):
    intent = buy(fake)
    answer(intent, "Rejected")
    decide_start(intent.pk)
    session = plug_in(intent)
    assert session.authorization == "Blocked"
    assert again(intent).session is None
    assert following.follow_charges() == 1
    assert stops().get().payload == {"transactionId": session.transaction_id}
    assert following.follow_charges() == 0


def test_stop_before_the_start_stops_what_starts(fake):
    intent = buy(fake)
    stop_charging(intent, actor="driver")
    assert progress(intent).stage == Stage.STOPPING
    assert not stops().exists()
    answer(intent)
    session = plug_in(intent)
    assert stops().get().payload == {"transactionId": session.transaction_id}
    unplug(intent, 0)
    following.follow_charges()
    assert given_back(intent) == (RefundCause.REST, 50_000)


def test_there_is_nothing_to_stop_before_the_money_or_after_the_end(fake):
    charger = make_seller()
    connector = charger.connectors.get(number=1)
    intent = begin(fake, cpo=charger.cpo, charger=charger, connector=connector)
    with pytest.raises(ConflictError):
        stop_charging(intent, actor="driver")
    pay(fake, intent)
    start_paid(intent.pk)
    answer(intent, "Rejected")
    decide_start(intent.pk)
    with pytest.raises(ConflictError):
        stop_charging(intent, actor="driver")


def test_money_for_no_connector_goes_back_when_nothing_is_done_with_it(fake):
    intent = pay(fake, begin(fake))
    assert following.follow_charges() == 0
    assert progress(intent).stage == Stage.PAID
    type(intent).objects.filter(pk=intent.pk).update(paid_at=clock.now() - timedelta(hours=25))
    assert following.follow_charges() >= 1
    assert given_back(intent) == (RefundCause.NOT_STARTED, 50_000)
    assert again(intent).closed_at is not None
    assert ChargingSession.objects.count() == 0
