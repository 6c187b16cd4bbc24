"""Settlements and refunds on their way to a bank: once, whatever happens in between."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from payments.chart import Code, cpo_account, gateway_account, transit_account
from payments.models import Payout, PayoutStatus, Refund, RefundStatus, SettlementStatus
from payments.services import following, ledger
from payments.services.check_books import check_books
from payments.services.payouts.sending import check_payout, send_payout
from payments.services.payouts.starting import agree_to_account, pay_refund, pay_settlement
from payments.services.refunds.starting import request_refund
from payments.services.settlements import approve_settlement, request_settlement
from payments.tests.factories import give, make_member, make_paid_cpo, make_staff
from payments.tests.payments import begin, make_provider, pay, refund_all
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError

pytestmark = pytest.mark.django_db

AMOUNT = 1_500_000


def approved(cpo=None, **bank):
    cpo = cpo or make_paid_cpo(**bank)
    give(cpo, AMOUNT)
    settlement = request_settlement(cpo, actor=make_member(cpo))
    return approve_settlement(settlement, actor=make_staff())


def follow(payout, *statuses, seconds=5.0):
    deadline = time.monotonic() + seconds
    while (current := check_payout(payout.pk)).status not in statuses:
        assert time.monotonic() < deadline, current.status
        time.sleep(0.01)
    return current


def wallet_of(settlement):
    return ledger.balance_of(cpo_account(Code.CPO_AVAILABLE, settlement.cpo_id))


@pytest.mark.parametrize(
    ("provider", "version"), [("xendit", "v2"), ("xendit", "v3"), ("midtrans", "")]
)
def test_an_approved_settlement_arrives(fake, provider, version):
    config = make_provider(fake, provider, payout_version=version)
    settlement = approved()
    payout = pay_settlement(settlement)
    settlement.refresh_from_db()
    assert settlement.status == SettlementStatus.SUBMITTING
    send_payout(payout.pk)
    follow(payout, PayoutStatus.PAID)
    settlement.refresh_from_db()
    assert settlement.status == SettlementStatus.PAID
    assert settlement.paid_at is not None
    assert ledger.balance_of(gateway_account(Code.GATEWAY_AVAILABLE, config.pk)) == -AMOUNT
    assert wallet_of(settlement) == 0
    assert fake.world.books.balance == 100_000_000 - AMOUNT
    assert not any(check_books().values())


def test_without_a_payout_provider_it_waits_for_a_transfer_by_hand(fake):
    make_provider(fake, for_payouts=False)
    settlement = approved()
    assert pay_settlement(settlement) is None
    settlement.refresh_from_db()
    assert settlement.status == SettlementStatus.APPROVED


def test_a_settlement_is_ordered_once(fake):
    make_provider(fake)
    settlement = approved()
    assert pay_settlement(settlement) == pay_settlement(settlement)
    assert Payout.objects.count() == 1


@pytest.mark.parametrize(
    ("provider", "version"), [("xendit", "v2"), ("xendit", "v3"), ("midtrans", "")]
)
def test_a_lost_answer_neither_loses_nor_doubles_it(fake, provider, version):
    make_provider(fake, provider, payout_version=version)
    payout = pay_settlement(approved())
    fake.faults(lost_after=1)
    assert send_payout(payout.pk).status == PayoutStatus.UNKNOWN
    follow(payout, PayoutStatus.PAID)
    assert len(fake.world.books.payouts) == 1
    assert fake.world.books.balance == 100_000_000 - AMOUNT


@pytest.mark.parametrize("provider", ["xendit", "midtrans"])
@pytest.mark.parametrize("arrived", [True, False])
def test_a_worker_that_died_while_sending_pays_once(fake, provider, arrived):
    """Killed after the request went out, or before: its row says `sending` for ever."""
    make_provider(fake, provider)
    payout = pay_settlement(approved())
    if arrived:
        send_payout(payout.pk)
    Payout.objects.filter(pk=payout.pk).update(
        status=PayoutStatus.SENDING, gateway_id="", sent_at=clock.now() - timedelta(minutes=5)
    )
    following.follow_payouts()
    follow(payout, PayoutStatus.PAID)
    assert len(fake.world.books.payouts) == 1
    assert fake.world.books.balance == 100_000_000 - AMOUNT


def test_a_payout_that_fails_gives_the_money_back_to_the_wallet(fake):
    make_provider(fake)
    settlement = approved(bank_account_number="121212")
    payout = pay_settlement(settlement)
    send_payout(payout.pk)
    follow(payout, PayoutStatus.FAILED)
    settlement.refresh_from_db()
    assert (settlement.status, settlement.reason) == (
        SettlementStatus.FAILED,
        "INVALID_DESTINATION",
    )
    assert wallet_of(settlement) == AMOUNT
    assert not any(check_books().values())


@pytest.mark.parametrize("provider", ["xendit", "midtrans"])
def test_money_that_the_bank_sends_back_is_in_the_wallet_again_once(fake, provider):
    config = make_provider(fake, provider)
    settlement = approved(bank_account_number="654321")
    payout = pay_settlement(settlement)
    send_payout(payout.pk)
    follow(payout, PayoutStatus.REVERSED, PayoutStatus.FAILED)
    for _ in range(2):
        check_payout(payout.pk)
    settlement.refresh_from_db()
    assert settlement.status in (SettlementStatus.REVERSED, SettlementStatus.FAILED)
    assert wallet_of(settlement) == AMOUNT
    assert ledger.balance_of(gateway_account(Code.GATEWAY_AVAILABLE, config.pk)) == 0
    assert not any(check_books().values())


def test_a_state_that_nobody_knows_is_reviewed_and_holds_the_money(fake):
    make_provider(fake)
    settlement = approved(bank_account_number="131313")
    payout = pay_settlement(settlement)
    send_payout(payout.pk)
    fake.faults(unknown_status=1)
    assert check_payout(payout.pk).status == PayoutStatus.REVIEW
    settlement.refresh_from_db()
    assert settlement.status == SettlementStatus.REVIEW
    assert wallet_of(settlement) == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_payout_once(fake):
    make_provider(fake)
    payout = pay_settlement(approved())

    def send(_):
        try:
            return send_payout(payout.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))
    creates = [call for call in fake.world.calls if call["method"] == "POST"]
    assert len(creates) == 1


# --- refunds that a gateway cannot make ---------------------------------------------------------


def waiting_refund(fake):
    intent = pay(fake, begin(fake, method="va_bni"))
    request_refund(intent, actor=make_staff(), reason="x")
    (refund,) = refund_all(intent)
    return intent, refund


def test_a_refund_is_paid_to_the_account_that_the_driver_named(fake):
    intent, refund = waiting_refund(fake)
    payout = pay_refund(
        refund,
        bank_code="bca",
        account_name="Budi",
        account_number="1234567890",
        actor="driver",
    )
    send_payout(payout.pk)
    follow(payout, PayoutStatus.PAID)
    refund.refresh_from_db()
    intent.refresh_from_db()
    assert (refund.status, intent.refunded) == (RefundStatus.SUCCEEDED, 50_000)
    assert ledger.balance_of(transit_account(intent.pk)) == 0
    assert not any(check_books().values())


def test_a_bad_account_may_be_replaced_by_another(fake):
    _intent, refund = waiting_refund(fake)
    account = {"bank_code": "BCA", "account_name": "Budi", "actor": "driver"}
    payout = pay_refund(refund, account_number="121212", **account)
    send_payout(payout.pk)
    follow(payout, PayoutStatus.FAILED)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.NEEDS_ACCOUNT
    again = pay_refund(refund, account_number="1234567890", **account)
    send_payout(again.pk)
    follow(again, PayoutStatus.PAID)


def test_an_account_is_asked_for_once_and_whole(fake):
    _intent, refund = waiting_refund(fake)
    account = {"bank_code": "BCA", "account_name": "Budi", "actor": "driver"}
    with pytest.raises(InvalidError) as refusal:
        pay_refund(refund, account_number=" ", **account)
    assert refusal.value.field == "account_number"
    pay_refund(refund, account_number="1", **account)
    with pytest.raises(ConflictError):
        pay_refund(refund, account_number="2", **account)


def own_refund(fake):
    """One that nobody of the staff asked for."""
    _intent, refund = waiting_refund(fake)
    Refund.objects.filter(pk=refund.pk).update(requested_by=None, requested_label="platform")
    refund.refresh_from_db()
    return refund


def test_account_entered_by_staff_for_the_platforms_own_refund_needs_a_second_person(fake):
    refund, first, second = own_refund(fake), make_staff(), make_staff()
    account = {"bank_code": "BCA", "account_name": "Budi", "account_number": "1234567890"}
    assert pay_refund(refund, actor=first, **account) is None
    assert not Payout.objects.exists()
    with pytest.raises(ForbiddenError):
        agree_to_account(refund, actor=first)
    payout = agree_to_account(refund, actor=second)
    assert payout.account_number == "1234567890"
    with pytest.raises(ConflictError):
        agree_to_account(refund, actor=second)
    assert Payout.objects.count() == 1


def test_nobody_agrees_to_an_account_that_was_not_entered(fake):
    with pytest.raises(ConflictError):
        agree_to_account(own_refund(fake), actor=make_staff())


def test_account_that_the_driver_enters_waits_for_nobody(fake):
    refund = own_refund(fake)
    account = {"bank_code": "BCA", "account_name": "Budi", "account_number": "1234567890"}
    assert pay_refund(refund, actor="driver", **account) is not None
