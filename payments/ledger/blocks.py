"""Tamper evidence: committed transactions are hashed into a chain of blocks, out of the hot path.

Who can disable triggers can change a row, but not the hashes that were copied elsewhere.
Membership is by explicit rows: ids commit out of order, an id range would skip some.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC

from django.db import connection, transaction

from payments.models import LedgerBlock, LedgerBlockItem, LedgerTransaction

GENESIS = bytes(32)
# One sealer at a time; any number that nobody else uses.
_LOCK = 7_261_154_003
# How far behind the newest sealed id a late commit may be and still be found by the minute's work;
# `check_books` finds every other one.
WINDOW = 100_000


def seal_block(*, limit: int = 1_000, everything: bool = False) -> LedgerBlock | None:
    """Seal up to `limit` unsealed transactions into one block; None where there are none.

    `everything`: look at the whole table and not only at the newest ids.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        ids = _unsealed(limit, everything=everything)
        if not ids:
            return None
        last = LedgerBlock.objects.order_by("-id").first()
        previous = GENESIS if last is None else bytes(last.hash)
        block_hash = hash_block(previous, _load(ids))
        cursor.execute(
            "INSERT INTO ledger_block (item_count, prev_hash, hash) VALUES (%s, %s, %s)"
            " RETURNING id",
            [len(ids), previous, block_hash],
        )
        block_id = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO ledger_block_item (transaction_id, block_id)"
            " SELECT id, %s FROM unnest(%s::bigint[]) AS sealed (id)",
            [block_id, ids],
        )
    return LedgerBlock.objects.get(pk=block_id)


def hash_block(previous: bytes, bookings: Iterable[LedgerTransaction]) -> bytes:
    """sha256 over the previous hash and every booking, in the order of ids."""
    digest = hashlib.sha256(previous)
    for booking in bookings:
        digest.update(canonical(booking))
    return digest.digest()


def canonical(booking: LedgerTransaction) -> bytes:
    """Everything that a booking says, as one line of JSON; accounts by their names, too."""
    body = [
        booking.pk,
        booking.idempotency_key,
        booking.kind,
        bytes(booking.request_hash).hex(),
        booking.reverses_id,
        booking.effective_at.astimezone(UTC).isoformat(),
        booking.created_at.astimezone(UTC).isoformat(),
        booking.metadata,
        [
            [
                entry.pk,
                entry.account_id,
                entry.account.code,
                entry.account.owner_type,
                entry.account.owner_id,
                entry.account.currency,
                entry.side,
                entry.amount,
                entry.account_version,
                entry.balance_after,
            ]
            for entry in sorted(booking.entries.all(), key=lambda entry: entry.pk)
        ],
    ]
    return json.dumps(body, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def verify_chain() -> list[str]:
    """What is wrong with the chain, in words; nothing: it is whole."""
    problems: list[str] = []
    previous = GENESIS
    for block in LedgerBlock.objects.order_by("id").iterator(chunk_size=100):
        items = LedgerBlockItem.objects.filter(block=block).order_by("transaction_id")
        ids = list(items.values_list("transaction_id", flat=True))
        if bytes(block.prev_hash) != previous:
            problems.append(f"block {block.pk} does not follow the block before it")
        if len(ids) != block.item_count:
            problems.append(f"block {block.pk} holds {len(ids)} of {block.item_count} bookings")
        if hash_block(bytes(block.prev_hash), _load(ids)) != bytes(block.hash):
            problems.append(f"block {block.pk} is not what was sealed")
        previous = bytes(block.hash)
    return problems


def _unsealed(limit: int, *, everything: bool) -> list[int]:
    bookings = LedgerTransaction.objects.filter(block_item__isnull=True)
    newest = LedgerBlockItem.objects.order_by("-transaction_id").first()
    if newest is not None and not everything:
        bookings = bookings.filter(pk__gt=newest.transaction_id - WINDOW)
    return list(bookings.order_by("id").values_list("pk", flat=True)[:limit])


def _load(ids: list[int]) -> Iterable[LedgerTransaction]:
    return (
        LedgerTransaction.objects.filter(pk__in=ids)
        .order_by("id")
        .prefetch_related("entries__account")
    )
