"""`check_books` finds what differs: each kind of damage is made, and found under its name."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from chargers.models import BillingStatus, ChargingSession
from payments.chart import Booking, Code, cpo_account
from payments.ledger.blocks import seal_block
from payments.ledger.legs import credit, debit
from payments.models import Bill
from payments.services import ledger
from payments.services.billing import bill_session
from payments.services.check_books import check_books
from payments.services.releases import release_pending
from payments.services.settlements import request_settlement
from payments.tests.factories import BANK, give, make_member, make_paid_cpo, make_session
from payments.tests.test_wallet import later

pytestmark = pytest.mark.django_db

TRIGGERED = (
    "ledger_account", "ledger_entry", "ledger_transaction", "payments_bill", "payments_billline",
)  # fmt: skip


@pytest.fixture
def cpo():
    """Some life: bills, a free one, a release, a settlement, a sealed block, a pending bill."""
    company = make_paid_cpo()
    for energy_wh in (50_000, 30_000, 0):
        bill_session(make_session(cpo=company, energy_wh=energy_wh).pk)
    release_pending(company, now=later())
    request_settlement(company, actor=make_member(company), amount=60_000)
    bill_session(make_session(cpo=company).pk)
    seal_block()
    return company


def damage(sql):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TRIGGERED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        assert cursor.rowcount > 0


def differing():
    return {name for name, differences in check_books().items() if differences}


def test_books_in_order_have_no_differences(cpo):
    assert differing() == set()


def test_empty_books_are_in_order():
    assert differing() == set()


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "UPDATE ledger_account SET posted_credit = posted_credit + 1"
            " WHERE code = 'cpo_pending'",
            {"trial balance", "account totals", "pending shares"},
        ),
        (
            "UPDATE ledger_entry SET amount = amount + 1 WHERE id ="
            " (SELECT min(id) FROM ledger_entry WHERE side = 'C')",
            {"account totals", "bookings in balance", "hash chain"},
        ),
        (
            "UPDATE chargers_chargingsession SET cost = cost + 1 WHERE cost > 0",
            {"sessions and bills"},
        ),
        (
            "UPDATE chargers_chargingsession SET billing_status = 'unbilled' WHERE cost > 0",
            {"sessions and bills"},
        ),
        ("UPDATE payments_billline SET amount = amount - 1", {"bills and their lines"}),
        (
            "UPDATE payments_bill SET booking_id = NULL WHERE total > 0",
            {"bills and the ledger", "bookings of bills"},
        ),
        ("UPDATE payments_bill SET released_at = NULL, release_id = NULL", {"pending shares"}),
        ("UPDATE payments_settlement SET amount = amount + 1", {"holds and settlements"}),
        (
            "UPDATE ledger_transaction SET created_at = created_at - interval '1 day'",
            {"hash chain"},
        ),
    ],
)
def test_damage_is_found(cpo, sql, found):
    damage(sql)
    assert differing() == found


def test_billed_session_without_a_bill_is_found(cpo):
    make_session(cpo=cpo, billing_status=BillingStatus.BILLED, cost=5)
    assert differing() == {"sessions and bills"}


def test_money_put_into_pending_without_a_bill_is_found(cpo):
    give(cpo, 5, code=Code.CPO_PENDING)
    assert differing() == {"pending shares"}


def test_booking_of_a_bill_that_is_not_there_is_found(cpo):
    ledger.post(
        key="bill:0",
        kind=Booking.BILL,
        legs=[debit(BANK, 5), credit(cpo_account(Code.CPO_AVAILABLE, cpo.pk), 5)],
    )
    assert differing() == {"bookings of bills"}


def test_booking_that_nobody_sealed_is_found(cpo):
    give(cpo, 5)
    damage(
        "UPDATE ledger_transaction SET created_at = now() - interval '2 hours'"
        " WHERE id = (SELECT max(id) FROM ledger_transaction)"
    )
    assert differing() == {"sealed in time"}


def test_command_prints_what_is_in_order(cpo, capsys):
    call_command("check_books")
    assert capsys.readouterr().out.count("ok ") == len(check_books())


def test_command_prints_what_differs_and_exits_with_one(cpo, capsys):
    session = ChargingSession.objects.filter(cost=20_000).get()
    ChargingSession.objects.filter(pk=session.pk).update(cost=7)
    with pytest.raises(SystemExit) as ended:
        call_command("check_books")
    assert ended.value.code == 1
    printed = capsys.readouterr().out
    assert "DIFFERS  sessions and bills" in printed
    assert f"session {session.pk}: expected 20000, found 7 billed" in printed
    assert Bill.objects.get(session=session).total == 20_000
