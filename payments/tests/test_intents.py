"""From the wish to the money: what the gateway says, in any order, is booked once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from cpo.models import CPOStatus
from payments.chart import Code, deposit_account, transit_account
from payments.gateways.base import BadSignatureError
from payments.models import (
    AttemptStatus,
    IntentStatus,
    LedgerAccount,
    LedgerTransaction,
    PaymentIntent,
    RefundStatus,
    WebhookDelivery,
)
from payments.services import following, ledger, webhooks
from payments.services.check_books import check_books
from payments.services.intents.creating import Wish, create_intent, retry_intent
from payments.services.intents.ending import cancel_intent, expire_intent
from payments.services.intents.sending import check_attempt, send_attempt
from payments.services.refunds.starting import request_refund
from payments.tests.factories import make_member, make_paid_cpo, make_staff
from payments.tests.payments import begin, make_provider, notify, pay, refund_all, work_off_webhooks
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError, RefusedError

pytestmark = pytest.mark.django_db


def deposit(intent):
    return ledger.balance_of(deposit_account(intent.pk))


def clearing():
    rows = LedgerAccount.objects.filter(code=Code.GATEWAY_CLEARING)
    return sum(row.balance for row in rows)


def test_a_payment_begins_with_a_code_to_scan(fake):
    intent = begin(fake)
    attempt = intent.attempts.get()
    assert intent.status == IntentStatus.REQUIRES_ACTION
    assert (attempt.status, attempt.amount) == (AttemptStatus.OPEN, 50_000)
    assert attempt.checkout["qr_string"].startswith("000201")
    assert attempt.gateway_id.startswith("pr-")
    assert [event.kind for event in intent.events.all()] == ["created", "moved"]
    assert deposit(intent) == 0


@pytest.mark.parametrize("provider", ["xendit", "midtrans"])
def test_money_that_came_is_the_drivers_deposit(fake, provider):
    make_provider(fake, provider)
    intent = begin(fake)
    fake.pay(intent.attempts.get().reference)
    check_attempt(intent.attempts.get().pk, source="poll")
    intent.refresh_from_db()
    assert (intent.status, intent.paid) == (IntentStatus.SUCCEEDED, 50_000)
    assert (deposit(intent), clearing()) == (50_000, 50_000)
    assert not any(check_books().values())


def test_an_attempt_is_sent_once_however_often_it_is_asked_for(fake):
    intent = begin(fake)
    for _ in range(3):
        send_attempt(intent.attempts.get().pk)
    assert len(fake.world.books.payments) == 1


def test_a_webhook_repeated_books_once(fake):
    intent = begin(fake)
    fake.pay(intent.attempts.get().reference)
    assert [notify(intent) for _ in range(3)] == [1, 0, 0]
    work_off_webhooks()
    check_attempt(intent.attempts.get().pk, source="poll")
    assert deposit(intent) == 50_000
    assert LedgerTransaction.objects.filter(kind="capture").count() == 1
    assert WebhookDelivery.objects.get().repeated == 2


def test_a_forged_webhook_is_not_stored(fake):
    intent = begin(fake)
    config = intent.attempts.get().config
    with pytest.raises(BadSignatureError):
        webhooks.receive(config, headers={"x-callback-token": "guess"}, body=b"{}")
    assert not WebhookDelivery.objects.exists()


def test_a_webhook_that_lies_moves_nothing(fake):
    """The right token, and no payment at the gateway."""
    intent = begin(fake)
    notify(intent)
    work_off_webhooks()
    intent.refresh_from_db()
    assert (intent.status, deposit(intent)) == (IntentStatus.REQUIRES_ACTION, 0)


def test_a_webhook_about_something_unknown_says_so(fake):
    intent = begin(fake)
    notify(intent, reference_id="somebody-elses", payment_request_id="pr-0")
    work_off_webhooks()
    assert WebhookDelivery.objects.get().error != ""


def test_an_answer_that_was_lost_is_no_lost_payment(fake):
    """The request exists at the gateway and nobody told us: a webhook names it later."""
    make_provider(fake)
    fake.faults(lost_after=1)
    intent = create_intent(make_paid_cpo(), Wish(50_000, "qris"), created_by="test")
    attempt = send_attempt(intent.attempts.get().pk)
    assert (attempt.status, attempt.gateway_id) == (AttemptStatus.UNKNOWN, "")
    payment = fake.world.books.by_reference(attempt.reference)
    fake.pay(attempt.reference)
    notify(intent, payment_request_id=payment.id)
    work_off_webhooks()
    intent.refresh_from_db()
    assert (intent.status, deposit(intent)) == (IntentStatus.SUCCEEDED, 50_000)


def test_midtrans_is_asked_by_our_reference_after_a_lost_answer(fake):
    make_provider(fake, "midtrans")
    fake.faults(lost_after=1)
    intent = create_intent(make_paid_cpo(), Wish(50_000, "qris"), created_by="test")
    attempt = send_attempt(intent.attempts.get().pk)
    assert attempt.status == AttemptStatus.OPEN
    assert len(fake.world.books.payments) == 1


def test_a_worker_that_died_while_sending_is_found_by_the_sweep(fake):
    make_provider(fake, "midtrans")
    intent = create_intent(make_paid_cpo(), Wish(50_000, "qris"), created_by="test")
    intent.attempts.update(status=AttemptStatus.SENDING, sent_at=clock.now() - timedelta(minutes=5))
    following.follow_payments()
    attempt = intent.attempts.get()
    assert attempt.status == AttemptStatus.UNKNOWN
    assert attempt.checked_at is not None


def test_an_unsent_attempt_is_sent_by_the_sweep(fake):
    make_provider(fake)
    intent = create_intent(make_paid_cpo(), Wish(50_000, "qris"), created_by="test")
    intent.attempts.update(created_at=clock.now() - timedelta(minutes=1))
    following.follow_payments()
    assert intent.attempts.get().status == AttemptStatus.OPEN


def test_a_refused_attempt_fails_and_may_be_retried_by_another_method(fake):
    make_provider(fake, api_key="xnd_production_wrong")
    intent = begin(fake)
    assert intent.status == IntentStatus.FAILED
    assert intent.attempts.get().error
    config = intent.attempts.get().config
    config.api_key = "xnd_development_test"
    config.save()
    second = retry_intent(intent, method="gopay")
    send_attempt(second.pk)
    intent.refresh_from_db()
    assert (intent.status, second.number) == (IntentStatus.REQUIRES_ACTION, 2)
    pay(fake, intent)
    assert intent.status == IntentStatus.SUCCEEDED


@pytest.mark.parametrize("amount", [49_999, 50_001])
def test_another_amount_is_booked_as_it_came_and_goes_to_review(fake, amount):
    intent = pay(fake, begin(fake), amount=amount)
    assert (intent.status, intent.paid) == (IntentStatus.REVIEW, amount)
    assert deposit(intent) == amount
    assert intent.review_reason


def test_an_unknown_state_goes_to_review_and_comes_back(fake):
    intent = begin(fake)
    fake.faults(unknown_status=1)
    check_attempt(intent.attempts.get().pk, source="poll")
    intent.refresh_from_db()
    assert intent.status == IntentStatus.REVIEW
    pay(fake, intent)
    assert (intent.status, deposit(intent)) == (IntentStatus.SUCCEEDED, 50_000)


def test_money_after_the_end_goes_back_by_itself(fake):
    intent = cancel_intent(begin(fake), source="driver")
    assert intent.status == IntentStatus.CANCELED
    pay(fake, intent)
    assert (intent.status, intent.is_late) == (IntentStatus.SUCCEEDED, True)
    (refund,) = refund_all(intent)
    intent.refresh_from_db()
    assert (refund.status, refund.amount) == (RefundStatus.SUCCEEDED, 50_000)
    assert intent.status == IntentStatus.REFUNDED
    assert (deposit(intent), clearing()) == (0, 0)
    assert not any(check_books().values())


def test_a_second_payment_of_one_intent_goes_back(fake):
    intent = begin(fake)
    first = intent.attempts.get()
    second = retry_intent(intent)
    send_attempt(second.pk)
    for attempt in (first, second):
        fake.pay(attempt.reference)
        check_attempt(attempt.pk, source="poll")
    intent.refresh_from_db()
    assert (intent.status, intent.paid) == (IntentStatus.SUCCEEDED, 100_000)
    (refund,) = refund_all(intent)
    assert (refund.attempt, refund.amount) == (second, 50_000)
    assert deposit(intent) == 50_000


def test_an_intent_expires_after_a_last_look(fake):
    intent = begin(fake)
    PaymentIntent.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    following.follow_payments()
    intent.refresh_from_db()
    assert intent.status == IntentStatus.EXPIRED
    assert fake.world.books.by_reference(intent.attempts.get().reference).state == "canceled"


def test_money_that_came_unnoticed_is_found_by_the_last_look(fake):
    intent = begin(fake)
    fake.pay(intent.attempts.get().reference)
    intent = expire_intent(intent)
    assert (intent.status, deposit(intent)) == (IntentStatus.SUCCEEDED, 50_000)


def test_one_attempt_that_expires_leaves_the_other_open(fake):
    intent = begin(fake)
    first = intent.attempts.get()
    send_attempt(retry_intent(intent).pk)
    fake.control(f"pay/{first.reference}", {"what": "expire"})
    check_attempt(first.pk, source="poll")
    intent.refresh_from_db()
    assert intent.status == IntentStatus.REQUIRES_ACTION


def test_a_paid_payment_is_not_cancelled(fake):
    intent = pay(fake, begin(fake))
    with pytest.raises(ConflictError):
        cancel_intent(intent, source="driver")
    with pytest.raises(ConflictError):
        retry_intent(intent)


@pytest.mark.parametrize("amount", [0, -5, 9_999, 10_000_001])
def test_an_amount_out_of_range_names_the_range(fake, amount):
    make_provider(fake)
    with pytest.raises(InvalidError) as refusal:
        create_intent(make_paid_cpo(), Wish(amount, "qris"), created_by="test")
    assert refusal.value.field == "amount"


def test_a_method_that_nobody_offers_is_refused_by_name(fake):
    make_provider(fake, methods=["qris"])
    with pytest.raises(RefusedError) as refusal:
        create_intent(make_paid_cpo(), Wish(50_000, "gopay"), created_by="test")
    assert refusal.value.field == "method"
    with pytest.raises(InvalidError):
        create_intent(make_paid_cpo(), Wish(50_000, "gold"), created_by="test")


def test_a_company_that_is_not_verified_takes_no_payment(fake):
    make_provider(fake)
    pending = make_paid_cpo(status=CPOStatus.PENDING, verified_at=None)
    with pytest.raises(RefusedError):
        create_intent(pending, Wish(50_000, "qris"), created_by="test")


def test_a_cpos_own_provider_comes_before_the_platforms(fake):
    make_provider(fake, priority=1)
    cpo = make_paid_cpo()
    own = make_provider(fake, "midtrans", cpo=cpo, priority=500)
    assert begin(fake, cpo=cpo).attempts.get().config == own
    assert begin(fake).attempts.get().config != own


# --- refunds ----------------------------------------------------------------------------------


def test_a_part_is_given_back_and_the_rest_stays(fake):
    intent = pay(fake, begin(fake))
    request_refund(intent, actor=make_staff(), reason="charger broke", amount=12_000)
    assert (deposit(intent), ledger.balance_of(transit_account(intent.pk))) == (38_000, 12_000)
    (refund,) = refund_all(intent)
    intent.refresh_from_db()
    assert refund.status == RefundStatus.SUCCEEDED
    assert (intent.status, intent.refunded) == (IntentStatus.PARTIALLY_REFUNDED, 12_000)
    assert (ledger.balance_of(transit_account(intent.pk)), clearing()) == (0, 38_000)
    assert not any(check_books().values())


def test_no_more_is_given_back_than_is_left(fake):
    intent = pay(fake, begin(fake))
    staff = make_staff()
    request_refund(intent, actor=staff, reason="x", amount=30_000)
    with pytest.raises(RefusedError):
        request_refund(intent, actor=staff, reason="x", amount=20_001)
    request_refund(intent, actor=staff, reason="x")
    assert deposit(intent) == 0


def test_another_companys_finance_gives_nothing_back(fake):
    intent = pay(fake, begin(fake))
    with pytest.raises(ForbiddenError):
        request_refund(intent, actor=make_member(make_paid_cpo()), reason="mine")


def test_a_lost_answer_to_a_refund_gives_back_once(fake):
    intent = pay(fake, begin(fake))
    request_refund(intent, actor=make_staff(), reason="x", amount=12_000)
    fake.faults(lost_after=1)
    (refund,) = refund_all(intent)
    assert refund.status == RefundStatus.SUCCEEDED
    assert len(fake.world.books.refunds) == 1


def test_a_virtual_account_waits_for_the_drivers_account(fake):
    intent = pay(fake, begin(fake, method="va_bni"))
    request_refund(intent, actor=make_staff(), reason="x")
    (refund,) = refund_all(intent)
    assert (refund.status, refund.route) == (RefundStatus.NEEDS_ACCOUNT, "payout")
    assert ledger.balance_of(transit_account(intent.pk)) == 50_000


# --- races ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_twenty_deliveries_at_once_post_once(fake):
    intent = begin(fake)
    fake.pay(intent.attempts.get().reference)

    def deliver(number):
        try:
            notify(intent, status=f"SUCCEEDED-{number}")
            delivery = WebhookDelivery.objects.get(dedupe_key__endswith=f"SUCCEEDED-{number}")
            webhooks.process_delivery(delivery.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, range(20)))
    intent.refresh_from_db()
    assert (intent.paid, deposit(intent)) == (50_000, 50_000)
    assert LedgerTransaction.objects.filter(kind="capture").count() == 1
    assert intent.events.filter(kind="paid").count() == 1
