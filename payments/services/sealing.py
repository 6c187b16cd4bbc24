"""Hash blocks: committed bookings chained out of the hot path, so that tampering shows.

Membership is explicit, not an id range: ids may commit out of order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import connection, transaction

from payments.models import LedgerBlock

GENESIS = bytes(32)
BATCH = 1000
# Two workers must not append to the chain at once; released with the transaction.
_CHAIN_LOCK = 7_204_151

_ROWS = """
SELECT t.id, jsonb_build_array(t.id, t.idempotency_key, t.kind, encode(t.request_hash, 'hex'),
         t.reverses_id, extract(epoch FROM t.effective_at), extract(epoch FROM t.created_at),
         t.metadata,
         (SELECT jsonb_agg(jsonb_build_array(e.id, e.account_id, e.side, e.amount,
                                             e.account_version, e.balance_after) ORDER BY e.id)
            FROM ledger_entry e WHERE e.transaction_id = t.id))::text
  FROM ledger_transaction t
"""


def seal_block(*, limit: int = BATCH) -> LedgerBlock | None:
    """Hash up to `limit` unsealed bookings onto the chain; None where there are none."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
        cursor.execute(
            _ROWS
            + """ WHERE NOT EXISTS (SELECT 1 FROM ledger_block_item i WHERE i.transaction_id = t.id)
                  ORDER BY t.id LIMIT %s""",
            [limit],
        )
        rows = cursor.fetchall()
        if not rows:
            return None
        cursor.execute("SELECT hash FROM ledger_block ORDER BY id DESC LIMIT 1")
        found = cursor.fetchone()
        previous = bytes(found[0]) if found else GENESIS
        cursor.execute(
            "INSERT INTO ledger_block (item_count, prev_hash, hash) VALUES (%s, %s, %s) RETURNING id",
            [len(rows), previous, block_hash(previous, (text for _pk, text in rows))],
        )
        block_id = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO ledger_block_item (transaction_id, block_id) SELECT unnest(%s::bigint[]), %s",
            [[pk for pk, _text in rows], block_id],
        )
    return LedgerBlock.objects.get(pk=block_id)


def block_hash(previous: bytes, rows: Iterable[str]) -> bytes:
    digest = hashlib.sha256(previous)
    for text in rows:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.digest()


def broken_blocks() -> list[int]:
    """Ids of blocks whose content, or whose link to the block before, is not what was sealed."""
    broken = []
    previous = GENESIS
    for block in LedgerBlock.objects.order_by("id").iterator():
        rows = _rows_of(block.pk)
        linked = bytes(block.prev_hash) == previous
        if (
            not linked
            or len(rows) != block.item_count
            or block_hash(previous, rows) != bytes(block.hash)
        ):
            broken.append(block.pk)
        previous = bytes(block.hash)
    return broken


def _rows_of(block_id: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            _ROWS
            + """ JOIN ledger_block_item i ON i.transaction_id = t.id
                 WHERE i.block_id = %s ORDER BY t.id""",
            [block_id],
        )
        return [text for _pk, text in cursor.fetchall()]
