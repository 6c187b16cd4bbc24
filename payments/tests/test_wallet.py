"""Release and wallet: what is pending, available, on hold, and where it came from."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import pytest

from payments.chart import Booking, Code, cpo_account
from payments.ledger.legs import credit, debit
from payments.models import Bill, LedgerTransaction
from payments.selectors.wallet import statement, wallet
from payments.services import ledger
from payments.services.billing import bill_session
from payments.services.releases import release_pending
from payments.services.settlements import (
    approve_settlement,
    mark_settlement_paid,
    request_settlement,
)
from payments.tests.factories import (
    give,
    make_member,
    make_paid_cpo,
    make_session,
    make_staff,
    snapshot_json,
)
from unievp.lib import clock

pytestmark = pytest.mark.django_db


def later(hours=25):
    return clock.now() + timedelta(hours=hours)


def check_identity(found):
    parts = found.breakdown
    assert found.total == found.available + found.pending + found.on_hold
    assert found.total == (
        parts.gross_sales - parts.platform_fee - parts.gateway_fee - parts.taxes
        - parts.refunds + parts.adjustments - parts.settled
    )  # fmt: skip


def test_empty_wallet_is_all_zeros():
    found = wallet(make_paid_cpo())
    assert (found.available, found.pending, found.on_hold, found.total) == (0, 0, 0, 0)
    assert set(asdict(found.breakdown).values()) == {0}


def test_billed_share_is_pending_until_its_time():
    cpo = make_paid_cpo()
    bill_session(make_session(cpo=cpo).pk)
    assert release_pending(cpo) == 0
    found = wallet(cpo)
    assert (found.pending, found.available) == (18_000, 0)
    assert release_pending(cpo, now=later()) == 18_000
    found = wallet(cpo)
    assert (found.pending, found.available) == (0, 18_000)


def test_second_release_moves_nothing():
    cpo = make_paid_cpo()
    bill_session(make_session(cpo=cpo).pk)
    release_pending(cpo, now=later())
    assert release_pending(cpo, now=later(99)) == 0
    assert LedgerTransaction.objects.filter(kind=Booking.RELEASE).count() == 1


def test_one_release_takes_all_bills_that_are_due():
    cpo, rival = make_paid_cpo(), make_paid_cpo()
    for energy_wh in (1_000, 2_000, 0):
        bill_session(make_session(cpo=cpo, energy_wh=energy_wh).pk)
    bill_session(make_session(cpo=rival).pk)
    assert release_pending(cpo, now=later()) == 5_400
    booking = LedgerTransaction.objects.get(kind=Booking.RELEASE)
    assert Bill.objects.filter(cpo=cpo, release=booking).count() == 3
    assert not Bill.objects.filter(cpo=rival, released_at__isnull=False).exists()


def test_breakdown_explains_the_total():
    cpo = make_paid_cpo()
    bill_session(make_session(cpo=cpo, snapshot=snapshot_json("2000", "11100", pbjt="3")).pk)
    give(cpo, 80_000)
    found = wallet(cpo)
    assert asdict(found.breakdown) == {
        "gross_sales": 31_100,
        "platform_fee": 2_942,
        "gateway_fee": 0,
        "taxes": 1_683,
        "refunds": 0,
        "adjustments": 80_000,
        "settled": 0,
    }
    check_identity(found)


def test_settled_money_leaves_the_wallet_and_is_counted():
    cpo = make_paid_cpo()
    give(cpo, 90_000)
    settlement = request_settlement(cpo, actor=make_member(cpo), amount=60_000)
    found = wallet(cpo)
    assert (found.available, found.on_hold, found.total) == (30_000, 60_000, 90_000)
    approve_settlement(settlement, actor=make_staff())
    mark_settlement_paid(settlement, actor=make_staff(), proof="TRX-1")
    found = wallet(cpo)
    assert (found.available, found.on_hold, found.breakdown.settled) == (30_000, 0, 60_000)
    check_identity(found)


def test_debt_counts_against_what_is_available():
    cpo = make_paid_cpo()
    give(cpo, 10_000)
    ledger.post(
        key="refund:1",
        kind=Booking.REFUND,
        legs=[
            debit(cpo_account(Code.CPO_RECEIVABLE, cpo.pk), 15_000),
            credit(cpo_account(Code.REFUND_IN_TRANSIT, cpo.pk), 15_000),
        ],
    )
    found = wallet(cpo)
    assert (found.available, found.breakdown.refunds) == (-5_000, 15_000)
    check_identity(found)


def test_reversed_booking_is_as_if_it_had_not_been():
    cpo = make_paid_cpo()
    before = wallet(cpo).breakdown
    ledger.reverse(give(cpo, 10_000), key="undo")
    assert wallet(cpo).breakdown == before


def test_wallet_of_a_rival_is_apart():
    cpo, rival = make_paid_cpo(), make_paid_cpo()
    give(cpo, 10_000)
    assert wallet(rival).total == 0
    assert not statement(rival).exists()


def test_statement_lists_the_wallets_entries_newest_first():
    cpo = make_paid_cpo()
    bill_session(make_session(cpo=cpo).pk)
    release_pending(cpo, now=later())
    rows = statement(cpo).values_list("account__code", "side", "amount", "balance_after")
    assert sorted(rows[:2]) == [
        ("cpo_available", "C", 18_000, 18_000),
        ("cpo_pending", "D", 18_000, 0),
    ]
    assert list(rows[2:]) == [("cpo_pending", "C", 18_000, 18_000)]
