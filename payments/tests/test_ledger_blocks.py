"""The chain: what is sealed, and that a change behind the triggers' back shows."""

from __future__ import annotations

import pytest
from django.db import connection

from payments.chart import AccountRef, Booking, Code, Owner
from payments.ledger.blocks import GENESIS, WINDOW, seal_block, verify_chain
from payments.ledger.legs import credit, debit
from payments.models import LedgerBlock, LedgerBlockItem, LedgerTransaction
from payments.services.ledger import post

pytestmark = pytest.mark.django_db

BANK = AccountRef(Code.BANK_OPERATING)
MINE = AccountRef(Code.CPO_AVAILABLE, Owner.CPO, "a")


def book(*keys, metadata=None):
    for key in keys:
        post(
            key=key,
            kind=Booking.ADJUSTMENT,
            legs=[debit(BANK, 1_000), credit(MINE, 1_000)],
            metadata=metadata,
        )


def behind_the_triggers(sql):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("ledger_entry", "ledger_transaction", "ledger_block_item"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        assert cursor.rowcount == 1
        for table in ("ledger_entry", "ledger_transaction", "ledger_block_item"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_nothing_to_seal_makes_no_block():
    assert seal_block() is None
    assert verify_chain() == []


def test_blocks_follow_each_other():
    book("a", "b", "c")
    first = seal_block(limit=2)
    second = seal_block(limit=2)
    assert seal_block() is None
    assert (first.item_count, second.item_count) == (2, 1)
    assert bytes(first.prev_hash) == GENESIS
    assert bytes(second.prev_hash) == bytes(first.hash)
    assert verify_chain() == []


def test_metadata_in_any_order_has_one_hash():
    book("a", metadata={"b": 1, "a": ["ü", None, {"z": 1, "y": 2}]})
    seal_block()
    assert verify_chain() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entry SET amount = 999 WHERE id = (SELECT min(id) FROM ledger_entry)",
        "UPDATE ledger_entry SET balance_after = 1 WHERE id = (SELECT min(id) FROM ledger_entry)",
        "UPDATE ledger_transaction SET kind = 'refund' WHERE idempotency_key = 'a'",
        "UPDATE ledger_transaction SET metadata = '{}' WHERE idempotency_key = 'a'",
        "UPDATE ledger_transaction SET effective_at = now() - interval '1 day'"
        " WHERE idempotency_key = 'a'",
        "DELETE FROM ledger_block_item WHERE transaction_id ="
        " (SELECT min(id) FROM ledger_transaction)",
    ],
)
def test_tampering_is_found(sql):
    book("a", "b", metadata={"session": 1})
    block = seal_block()
    behind_the_triggers(sql)
    assert any(f"block {block.pk}" in problem for problem in verify_chain())


def test_block_that_was_put_in_between_is_found():
    book("a")
    seal_block()
    book("b")
    seal_block()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_block DISABLE TRIGGER USER")
        cursor.execute("UPDATE ledger_block SET prev_hash = 'x' WHERE id ="
                       " (SELECT max(id) FROM ledger_block)")  # fmt: skip
        cursor.execute("ALTER TABLE ledger_block ENABLE TRIGGER USER")
    assert len(verify_chain()) == 2


def test_booking_far_behind_is_found_by_the_whole_look():
    book("late")
    late = LedgerTransaction.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('ledger_transaction_id_seq', %s)", [late.pk + WINDOW + 10])
    book("newest")
    newest = LedgerTransaction.objects.order_by("-id").first()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_block (item_count, prev_hash, hash)"
                       " VALUES (1, 'p', 'h') RETURNING id")  # fmt: skip
        block_id = cursor.fetchone()[0]
        cursor.execute("INSERT INTO ledger_block_item VALUES (%s, %s)", [newest.pk, block_id])
    assert seal_block() is None
    assert seal_block(everything=True).item_count == 1
    assert LedgerBlockItem.objects.filter(transaction=late).exists()
    assert LedgerBlock.objects.count() == 2
