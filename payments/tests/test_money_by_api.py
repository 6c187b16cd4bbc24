"""The whole way of the money by the REST API, the worker's steps taken one after the other.

The same way in a browser, with every process real: `e2e/test_money.py`.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from payments.api import payments as endpoint
from payments.models import PaymentIntent, Payout, PayoutStatus
from payments.selectors.receipts import receipt_of
from payments.services.billing import bill_session
from payments.services.check_books import check_books
from payments.services.intents.sending import send_attempt
from payments.services.payouts.sending import send_payout
from payments.services.payouts.starting import pay_settlement
from payments.services.prepaid.starting import start_paid
from payments.services.releases import release_pending
from payments.tests.payments import make_provider, pay, refund_all
from payments.tests.prepaid import again, answer, make_seller, measure, plug_in, unplug
from payments.tests.test_api_payments import call, key_for
from payments.tests.test_payouts import follow
from unievp.lib import clock

pytestmark = pytest.mark.django_db

PRICE = 2_000
PAID = 200_000


@pytest.fixture
def seller(fake, settings, monkeypatch):
    monkeypatch.setattr(endpoint, "CHECKOUT_WITHIN_S", 0)
    settings.PENDING_HOLD_HOURS = 0
    make_provider(fake)
    return make_seller(identity="PAY-API", per_kwh=PRICE)


def test_money_goes_from_a_driver_to_the_bank_of_the_operator(client, fake, seller):
    key, platform = key_for(seller.cpo), key_for()

    # The driver pays.
    wish = {"amount": PAID, "charger_id": "PAY-API", "connector_id": 1, "method": "qris"}
    payment_id = call(client, "POST", "payments/intent", wish, key=key).json()["payment_id"]
    intent = PaymentIntent.objects.get(pk=payment_id)
    send_attempt(intent.attempts.get().pk)

    def told():
        return call(client, "GET", f"payments/{payment_id}", key=key).json()

    assert told()["checkout"]["qr_string"]
    pay(fake, intent)
    assert (told()["status"], told()["paid"]) == ("succeeded", PAID)

    # The charger starts, measures, is asked to stop, and stops.
    start_paid(intent.pk)
    answer(intent)
    plug_in(intent, since_s=3 * 3600)
    session = measure(intent, 30_000, at=clock.now() - timedelta(hours=1))
    live = call(client, "GET", f"sessions/{session.pk}", key=key).json()
    assert (live["energy_wh"], live["cost"]) == (30_000, 60_000)
    assert call(client, "POST", f"payments/{payment_id}/stop", key=key).status_code in (200, 202)
    assert again(intent).stop_asked_at is not None
    bill = bill_session(unplug(intent, 40_000).pk)
    assert bill.total == 80_000

    # What was not used is back, and the receipt says so.
    refund_all(again(intent))
    assert (told()["status"], told()["refunded"]) == ("partially_refunded", 120_000)
    receipt = receipt_of(again(intent))
    assert (receipt.total, receipt.refunded, receipt.refund_due) == (80_000, 120_000, 0)

    # The operator's share: pending, available, asked for, approved by another, arrived.
    def wallet():
        return call(client, "GET", f"cpo/{seller.cpo_id}/wallet", key=key).json()

    share = bill.cpo_share
    assert (wallet()["pending"], wallet()["available"]) == (share, 0)
    release_pending(seller.cpo)
    assert (wallet()["pending"], wallet()["available"]) == (0, share)
    path = f"cpo/{seller.cpo_id}/settlements"
    settlement = call(client, "POST", f"{path}/request", {}, key=key).json()
    assert (settlement["amount"], wallet()["on_hold"]) == (share, share)
    assert call(client, "POST", f"{path}/{settlement['id']}/approve", key=key).status_code == 403
    approved = call(client, "POST", f"{path}/{settlement['id']}/approve", key=platform)
    assert approved.json()["status"] == "approved"
    payout = pay_settlement(seller.cpo.settlements.get())
    send_payout(payout.pk)
    follow(payout, PayoutStatus.PAID)
    assert call(client, "GET", f"{path}/{settlement['id']}", key=key).json()["status"] == "paid"
    assert (wallet()["total"], wallet()["breakdown"]["settled"]) == (0, share)

    # The gateway's own books agree, and so do ours with themselves.
    assert [each.amount for each in fake.world.books.payouts.values()] == [share]
    assert Payout.objects.count() == 1
    assert not any(check_books().values())
