"""The SQL that writes the books: the only place that inserts into the ledger's tables.

No explicit locks: one statement inserts the entries in the order of their accounts' ids, and the
trigger that applies an entry locks its account's row. That is the one global order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from payments.chart import CHART, AccountRef
from payments.ledger.legs import Leg

_INSERT_TRANSACTION = """
INSERT INTO ledger_transaction
    (idempotency_key, kind, request_hash, reverses_id, effective_at, metadata)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (idempotency_key) DO NOTHING RETURNING id
"""
_FIND_ACCOUNTS = """
SELECT a.id, a.code, a.owner_type, a.owner_id, a.currency::text
FROM ledger_account a JOIN unnest(%s::text[], %s::text[], %s::text[], %s::text[])
    AS wanted (code, owner_type, owner_id, currency)
  ON (a.code, a.owner_type, a.owner_id, a.currency::text)
   = (wanted.code, wanted.owner_type, wanted.owner_id, wanted.currency)
"""
_INSERT_ACCOUNTS = """
INSERT INTO ledger_account
    (code, owner_type, owner_id, currency, normal_side, allow_negative)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[])
ON CONFLICT (code, owner_type, owner_id, currency) DO NOTHING
"""
_INSERT_ENTRIES = """
INSERT INTO ledger_entry (transaction_id, account_id, side, amount, account_version, balance_after)
SELECT %s, account_id, side, amount, 0, 0
FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS leg (account_id, side, amount)
"""
# Fails here, where the cause is, and not at a COMMIT far away; then deferred again for the next.
_CHECK_NOW = """
SET CONSTRAINTS ledger_tx_balanced, ledger_entry_balanced IMMEDIATE;
SET CONSTRAINTS ledger_tx_balanced, ledger_entry_balanced DEFERRED
"""


def insert_transaction(
    *,
    key: str,
    kind: str,
    request_hash: bytes,
    reverses_id: int | None,
    effective_at: datetime,
    metadata: dict[str, Any],
) -> int | None:
    """The new row's id; None where the key is known (waits for one that is being written)."""
    values: list[Any] = [key, kind, request_hash, reverses_id, effective_at, Jsonb(metadata)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_TRANSACTION, values)
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def account_ids(refs: Sequence[AccountRef]) -> dict[AccountRef, int]:
    """Ids of accounts; those that are missing are made, in one order for everybody."""
    found = _find(refs)
    missing = sorted(set(refs) - found.keys())
    if missing:
        rows = [
            (*_columns(ref), CHART[ref.code].normal_side, CHART[ref.code].allow_negative)
            for ref in missing
        ]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT_ACCOUNTS, [list(column) for column in zip(*rows, strict=True)])
        found = _find(refs)
    return found


def insert_entries(transaction_id: int, legs: Sequence[Leg], ids: dict[AccountRef, int]) -> None:
    """One entry per leg, in the order of account ids; then the balance is checked at once."""
    rows = sorted((ids[leg.account], leg.side, leg.amount) for leg in legs)
    accounts, sides, amounts = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_ENTRIES, (transaction_id, accounts, sides, amounts))
        cursor.execute(_CHECK_NOW)


def _columns(ref: AccountRef) -> tuple[str, str, str, str]:
    return (str(ref.code), str(ref.owner_type), ref.owner_id, ref.currency)


def _find(refs: Sequence[AccountRef]) -> dict[AccountRef, int]:
    by_columns = {_columns(ref): ref for ref in refs}
    columns = [list(column) for column in zip(*by_columns, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_FIND_ACCOUNTS, columns)
        return {by_columns[row[1], row[2], row[3], row[4]]: row[0] for row in cursor.fetchall()}
