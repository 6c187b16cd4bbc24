"""What the database refuses by itself, whoever asks: raw SQL as an intruder or a bug writes it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from payments.chart import AccountRef, Booking, Code, Owner
from payments.ledger.blocks import seal_block
from payments.ledger.legs import credit, debit
from payments.models import LedgerAccount, LedgerTransaction
from payments.services.ledger import post

pytestmark = pytest.mark.django_db

BANK = AccountRef(Code.BANK_OPERATING)
MINE = AccountRef(Code.CPO_AVAILABLE, Owner.CPO, "a")
NEW = """
INSERT INTO ledger_transaction (idempotency_key, kind, request_hash, effective_at)
VALUES ('raw', 'adjustment', '', now()) RETURNING id
"""
ENTRY = """
INSERT INTO ledger_entry (transaction_id, account_id, side, amount, account_version, balance_after)
VALUES (%s, %s, %s, %s, 0, 0)
"""


@pytest.fixture
def booked():
    legs = [debit(BANK, 1_000), credit(MINE, 1_000)]
    booking, _ = post(key="gift", kind=Booking.ADJUSTMENT, legs=legs)
    seal_block()
    return booking


def account(ref):
    return LedgerAccount.objects.get(code=ref.code).pk


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0] if cursor.description else None


def check_now():
    run("SET CONSTRAINTS ALL IMMEDIATE")


def refused(match):
    return pytest.raises(DatabaseError, match=match)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entry SET amount = 1",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_transaction SET kind = 'x'",
        "DELETE FROM ledger_transaction",
        "UPDATE ledger_block SET hash = ''",
        "DELETE FROM ledger_block",
        "UPDATE ledger_block_item SET block_id = 1",
        "DELETE FROM ledger_block_item",
        "DELETE FROM ledger_account",
        "UPDATE ledger_account SET code = 'cpo_pending'",
        "UPDATE ledger_account SET owner_id = 'thief'",
        "UPDATE ledger_account SET normal_side = 'D'",
        "UPDATE ledger_account SET posted_credit = posted_credit + 1",
        "UPDATE ledger_account SET posted_debit = 0",
        "UPDATE ledger_account SET version = 0",
    ],
)
def test_written_rows_are_not_changed(booked, sql):
    with refused("append-only"), transaction.atomic():
        run(sql)


@pytest.mark.parametrize(
    "table", ["ledger_entry", "ledger_transaction", "ledger_block", "ledger_block_item"]
)
def test_tables_are_not_emptied(booked, table):
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET LOCAL ledger.allow_truncate = 'off'")
    with refused("append-only"), transaction.atomic():
        run(f"TRUNCATE {table} CASCADE")
    assert LedgerTransaction.objects.count() == 1


def test_unbalanced_booking_is_refused_at_commit(booked):
    with refused("unbalanced: IDR:1"), transaction.atomic():
        number = run(NEW)
        run(ENTRY, number, account(BANK), "D", 3)
        run(ENTRY, number, account(MINE), "C", 2)
        check_now()


def test_booking_without_entries_is_refused_at_commit(booked):
    with refused("has 0 entries"), transaction.atomic():
        run(NEW)
        check_now()


def test_booking_with_one_entry_is_refused_at_commit(booked):
    with refused("has 1 entries"), transaction.atomic():
        run(ENTRY, run(NEW), account(BANK), "D", 3)
        check_now()


@pytest.mark.parametrize("amount", [0, -1])
def test_entry_needs_an_amount_above_zero(booked, amount):
    with (
        refused("ledger_entry_amount_is_positive|not_overdrawn|not_negative"),
        transaction.atomic(),
    ):
        run(ENTRY, run(NEW), account(MINE), "C", amount)


def test_overdraft_is_refused_at_once(booked):
    with refused("ledger_account_is_not_overdrawn"), transaction.atomic():
        run(ENTRY, run(NEW), account(MINE), "D", 1_001)


def test_entry_of_an_unknown_account_is_refused(booked):
    with refused("unknown account"), transaction.atomic():
        run(ENTRY, run(NEW), 987_654, "D", 1)


def test_what_an_entry_claims_of_its_balance_is_overwritten(booked):
    entry = booked.entries.get(account__code="cpo_available")
    assert (entry.account_version, entry.balance_after) == (1, 1_000)


def test_second_reversal_is_refused(booked):
    insert = """
        INSERT INTO ledger_transaction
            (idempotency_key, kind, request_hash, effective_at, reverses_id)
        VALUES (%s, 'reversal', '', now(), %s)"""
    with refused("ledger_transaction_is_reversed_once"), transaction.atomic():
        run(insert, "one", booked.pk)
        run(insert, "two", booked.pk)


def test_chain_of_blocks_does_not_fork(booked):
    with refused("ledger_block_follows_one_block"), transaction.atomic():
        run("INSERT INTO ledger_block (item_count, prev_hash, hash)"
            " SELECT 1, prev_hash, 'x' FROM ledger_block")  # fmt: skip


def test_functions_look_at_the_ledgers_own_tables(booked):
    """Tables of the same names in front of the search path see nothing of a booking."""
    bank, mine = account(BANK), account(MINE)
    run("CREATE SCHEMA elsewhere")
    for table in ("ledger_account", "ledger_transaction", "ledger_entry"):
        run(f"CREATE TABLE elsewhere.{table} (LIKE public.{table})")
    run("SET LOCAL search_path = elsewhere, public")
    number = run(NEW.replace("ledger_transaction", "public.ledger_transaction"))
    entry = ENTRY.replace("ledger_entry", "public.ledger_entry")
    run(entry, number, bank, "D", 5)
    run(entry, number, mine, "C", 5)
    check_now()
    assert run("SELECT posted_credit FROM public.ledger_account WHERE id = %s", mine) == 1_005


@pytest.mark.django_db(transaction=True)
def test_late_entries_are_refused_even_when_they_balance():
    legs = [debit(BANK, 1_000), credit(MINE, 1_000)]
    booking, _ = post(key="gift", kind=Booking.ADJUSTMENT, legs=legs)
    with refused("database transaction that created"), transaction.atomic():
        run(ENTRY, booking.pk, account(BANK), "D", 1)
    assert booking.entries.count() == 2


@pytest.mark.django_db(transaction=True)
def test_unbalanced_booking_never_reaches_the_disk():
    with refused("unbalanced"), transaction.atomic():
        legs = [debit(BANK, 1_000), credit(MINE, 1_000)]
        post(key="gift", kind=Booking.ADJUSTMENT, legs=legs)
        number = run(NEW)
        run(ENTRY, number, account(BANK), "D", 3)
        run(ENTRY, number, account(MINE), "C", 2)
    assert not LedgerTransaction.objects.exists()
