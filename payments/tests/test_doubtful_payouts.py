"""Money that may have gone out already is never paid a second time."""

from __future__ import annotations

import pytest

from cpo.services.api_keys import create_api_key
from payments.chart import Code, cpo_account, gateway_account
from payments.gateways.base import (
    CredentialsError,
    NotFoundError,
    PayoutSnapshot,
    PayoutState,
    RefundSnapshot,
    RefundState,
    RefusedError,
    UnreachableError,
    UnsupportedError,
)
from payments.models import Payout, PayoutStatus, RefundStatus, SettlementStatus
from payments.selectors.wallet import available_balance
from payments.services import ledger
from payments.services.check_books import check_books
from payments.services.payouts import sending as payout_sending
from payments.services.payouts.applying import apply_payout
from payments.services.payouts.sending import check_payout, send_payout
from payments.services.payouts.starting import pay_settlement
from payments.services.refunds import sending as refund_sending
from payments.services.refunds.finishing import confirm_refund, finish_refund
from payments.services.refunds.sending import apply_refund, send_refund
from payments.services.refunds.starting import request_refund
from payments.services.settlements import approve_settlement, request_settlement
from payments.services.settling.doubts import resolve_payout
from payments.tests.factories import give, make_member, make_paid_cpo, make_staff
from payments.tests.payments import begin, make_provider, pay
from unievp.lib.errors import ForbiddenError

pytestmark = pytest.mark.django_db

AMOUNT = 1_500_000


class Says:
    """A gateway that raises or answers what it was told to, in order."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def _next(self, *_args):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    create_payout = fetch_payout = refund = fetch_refund = _next


@pytest.fixture
def payout(fake):
    make_provider(fake)
    cpo = make_paid_cpo()
    give(cpo, AMOUNT)
    settlement = request_settlement(cpo, actor=make_member(cpo))
    return pay_settlement(approve_settlement(settlement, actor=make_staff()))


def status_of(payout):
    payout.refresh_from_db()
    payout.settlement.refresh_from_db()
    return PayoutStatus(payout.status), SettlementStatus(payout.settlement.status)


def snapshot(payout, state):
    return PayoutSnapshot(
        state=state, reference=payout.reference, gateway_id="po-1", amount=payout.amount
    )


@pytest.mark.parametrize(
    "refusal",
    [
        RefusedError("the reference is known", code="DUPLICATE_ERROR"),
        CredentialsError("wrong key", code="401"),
        RefusedError("nobody knows", code="400"),
    ],
)
def test_a_refusal_after_a_lost_answer_keeps_the_money_on_hold(monkeypatch, payout, refusal):
    gateway = Says(UnreachableError("cut"), NotFoundError("not yet"), refusal)
    monkeypatch.setattr(payout_sending, "gateway_of", lambda _config: gateway)
    send_payout(payout.pk)
    check_payout(payout.pk)
    assert status_of(payout) == (PayoutStatus.UNKNOWN, SettlementStatus.SUBMITTING)
    assert available_balance(payout.settlement.cpo, currency="IDR") == 0


def test_a_reference_that_the_gateway_knows_at_the_first_try_is_asked_for(monkeypatch, payout):
    gateway = Says(
        RefusedError("known", code="DUPLICATE_ERROR"), snapshot(payout, PayoutState.PAID)
    )
    monkeypatch.setattr(payout_sending, "gateway_of", lambda _config: gateway)
    assert send_payout(payout.pk).status == PayoutStatus.UNKNOWN
    assert check_payout(payout.pk).status == PayoutStatus.PAID


def test_a_first_refusal_gives_the_money_back(monkeypatch, payout):
    gateway = Says(RefusedError("no such bank", code="400"))
    monkeypatch.setattr(payout_sending, "gateway_of", lambda _config: gateway)
    send_payout(payout.pk)
    assert status_of(payout) == (PayoutStatus.FAILED, SettlementStatus.FAILED)
    assert available_balance(payout.settlement.cpo, currency="IDR") == AMOUNT


def test_what_is_paid_after_it_had_failed_is_looked_at_and_owed_by_the_company(payout):
    Payout.objects.filter(pk=payout.pk).update(status=PayoutStatus.SUBMITTED)
    apply_payout(payout.pk, snapshot(payout, PayoutState.FAILED))
    assert status_of(payout) == (PayoutStatus.FAILED, SettlementStatus.FAILED)
    apply_payout(payout.pk, snapshot(payout, PayoutState.PAID))
    assert status_of(payout) == (PayoutStatus.REVIEW, SettlementStatus.FAILED)
    resolve_payout(payout, outcome="paid", reason="seen at the bank", actor=make_staff())
    assert status_of(payout) == (PayoutStatus.PAID, SettlementStatus.PAID)
    assert available_balance(payout.settlement.cpo, currency="IDR") == 0
    receivable = cpo_account(Code.CPO_RECEIVABLE, payout.settlement.cpo_id)
    assert ledger.balance_of(receivable) == AMOUNT
    assert ledger.balance_of(gateway_account(Code.GATEWAY_AVAILABLE, payout.config_id)) == -AMOUNT
    assert not any(check_books().values())


def test_what_was_booked_as_arrived_and_never_did_comes_back_into_the_wallet(payout):
    Payout.objects.filter(pk=payout.pk).update(status=PayoutStatus.SUBMITTED)
    apply_payout(payout.pk, snapshot(payout, PayoutState.PAID))
    apply_payout(payout.pk, snapshot(payout, PayoutState.UNKNOWN))
    assert status_of(payout) == (PayoutStatus.REVIEW, SettlementStatus.PAID)
    resolve_payout(payout, outcome="failed", reason="the bank knows nothing", actor=make_staff())
    assert status_of(payout) == (PayoutStatus.FAILED, SettlementStatus.REVERSED)
    assert available_balance(payout.settlement.cpo, currency="IDR") == AMOUNT
    assert not any(check_books().values())


# --- refunds ------------------------------------------------------------------------------------


@pytest.fixture
def refund(fake):
    (refund,) = request_refund(pay(fake, begin(fake)), actor=make_staff(), reason="x")
    return refund


def test_not_refundable_any_more_after_a_lost_answer_is_looked_at(monkeypatch, refund):
    """Midtrans and Xendit say so of a payment that is refunded already."""
    no_more = UnsupportedError("not refundable", code="INELIGIBLE_TRANSACTION_STATUS")
    gateway = Says(UnreachableError("cut"), no_more, UnreachableError("cut"))
    monkeypatch.setattr(refund_sending, "gateway_of", lambda _config: gateway)
    assert send_refund(refund.pk).status == RefundStatus.UNKNOWN
    assert send_refund(refund.pk).status == RefundStatus.REVIEW


def test_not_refundable_and_unknown_at_the_gateway_waits_for_an_account(monkeypatch, refund):
    no_more = UnsupportedError("not refundable", code="REFUND_NOT_SUPPORTED")
    gateway = Says(UnreachableError("cut"), no_more, NotFoundError("no such refund"))
    monkeypatch.setattr(refund_sending, "gateway_of", lambda _config: gateway)
    send_refund(refund.pk)
    assert send_refund(refund.pk).status == RefundStatus.NEEDS_ACCOUNT


def test_a_refund_that_arrived_does_not_fail_any_more(refund):
    refund.status = RefundStatus.PENDING
    refund.save(update_fields=["status"])
    finish_refund(refund.pk)
    failed = RefundSnapshot(
        state=RefundState.FAILED, reference=refund.reference, gateway_id="", amount=refund.amount
    )
    apply_refund(refund.pk, failed)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SUCCEEDED


def test_who_asked_for_a_refund_by_a_key_does_not_confirm_it(fake):
    staff = make_staff()
    key, _text = create_api_key(name="mine", actor=staff)
    intent = pay(fake, begin(fake, method="va_bni"))
    (refund,) = request_refund(intent, actor=key, reason="x")
    refund.status = RefundStatus.NEEDS_ACCOUNT
    refund.save(update_fields=["status"])
    with pytest.raises(ForbiddenError):
        confirm_refund(refund, actor=staff, proof="BCA 1")
    assert confirm_refund(refund, actor=make_staff(), proof="BCA 1").status == "succeeded"
