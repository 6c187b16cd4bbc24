"""What a transfer cost, by the gateway's statement: booked once, and held against what we knew."""

from __future__ import annotations

import pytest

from payments.chart import AccountRef, Code, gateway_account
from payments.models import LedgerTransaction, Payout, PayoutStatus, StatementLine
from payments.services.check_books import check_books
from payments.services.ledger import balance_of
from payments.services.payouts.sending import send_payout
from payments.services.payouts.starting import pay_settlement
from payments.services.reconciliation.statements import follow_statements
from payments.tests.payments import make_provider
from payments.tests.test_payouts import AMOUNT, approved, follow

pytestmark = pytest.mark.django_db


@pytest.fixture
def payout(fake):
    fake.world.books.payout_fee = 2_500
    make_provider(fake)
    payout = pay_settlement(approved())
    send_payout(payout.pk)
    return follow(payout, PayoutStatus.PAID)


def differing():
    return {name: found for name, found in check_books().items() if found}


def balances(payout):
    return (
        balance_of(gateway_account(Code.GATEWAY_AVAILABLE, payout.config_id)),
        balance_of(AccountRef(Code.PAYOUT_FEE_EXPENSE)),
        balance_of(AccountRef(Code.VAT_IN_FEES)),
    )


def test_fee_is_booked_once_and_shown_with_the_settlement(payout):
    assert balances(payout) == (-AMOUNT, 0, 0)
    for _again in range(2):
        follow_statements()
        assert balances(payout) == (-AMOUNT - 2_775, 2_500, 275)
    assert LedgerTransaction.objects.filter(kind="gateway_fee").count() == 1
    payout.refresh_from_db()
    assert (payout.fee, payout.settlement.fee) == (2_775, 2_775)
    assert differing() == {}


def test_fee_that_changes_afterwards_is_a_difference_and_moves_nothing(fake, payout):
    follow_statements()
    fake.world.books.payout_fee = 5_000
    follow_statements()
    line = StatementLine.objects.get()
    assert differing() == {
        "fees of transfers": [f"line {line.line_id} {payout.reference}: expected 2775, found 5550"]
    }
    assert balances(payout) == (-AMOUNT - 2_775, 2_500, 275)


def test_fee_that_was_told_with_the_transfer_is_not_booked_again(payout):
    Payout.objects.update(fee=3_000)
    follow_statements()
    assert balances(payout) == (-AMOUNT, 0, 0)
    assert list(differing()) == ["fees of transfers"]


def test_fee_other_than_the_providers_table_says_is_a_difference(payout):
    payout.config.fees = {"payout": {"percent": 0, "fixed": 4_000}}
    payout.config.save()
    follow_statements()
    assert list(differing()) == ["fees of the gateway"]
