"""The proof of the books: what must be equal, and is not. Finds, never corrects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from payments.ledger.blocks import verify_chain
from payments.services.reconciliation.queries import QUERIES
from payments.services.roaming.queries import ROAMING

# payments settle within days.
# Each query returns the rows that differ, as (what, should be, is).
_QUERIES: dict[str, str] = {
    "trial balance": """
        SELECT a.currency, sum(a.posted_debit), sum(a.posted_credit) FROM ledger_account a
         GROUP BY 1 HAVING sum(a.posted_debit) <> sum(a.posted_credit)""",
    "account totals": """
        SELECT a.code || ' ' || a.owner_type || ':' || a.owner_id,
               coalesce(e.d, 0) || ' D ' || coalesce(e.c, 0) || ' C ' || coalesce(e.n, 0),
               a.posted_debit || ' D ' || a.posted_credit || ' C ' || a.version
          FROM ledger_account a LEFT JOIN (
               SELECT account_id, sum(amount) FILTER (WHERE side = 'D') d,
                      sum(amount) FILTER (WHERE side = 'C') c, count(*) n
                 FROM ledger_entry GROUP BY 1) e ON e.account_id = a.id
         WHERE (a.posted_debit, a.posted_credit, a.version)
               IS DISTINCT FROM (coalesce(e.d, 0), coalesce(e.c, 0), coalesce(e.n, 0))""",
    "bookings in balance": """
        SELECT e.transaction_id || ' ' || a.currency, 0,
               sum(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END)
          FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
         GROUP BY e.transaction_id, a.currency
        HAVING sum(CASE e.side WHEN 'D' THEN e.amount ELSE -e.amount END) <> 0""",
    "sessions and bills": """
        SELECT 'session ' || s.id, coalesce(b.total::text, 'no bill'),
               coalesce(s.cost::text, 'no cost') || ' ' || s.billing_status
          FROM chargers_chargingsession s FULL JOIN payments_bill b ON b.session_id = s.id
         WHERE (s.billing_status = 'billed' OR b.id IS NOT NULL)
           AND (s.billing_status, s.cost, s.currency)
               IS DISTINCT FROM ('billed', b.total, b.currency)""",
    "bills and their lines": """
        SELECT 'bill ' || b.id, b.total || ' ' || b.tax,
               coalesce(sum(l.amount), 0) || ' ' || coalesce(sum(l.tax), 0)
          FROM payments_bill b LEFT JOIN payments_billline l ON l.bill_id = b.id
         GROUP BY b.id
        HAVING (b.total, b.tax) IS DISTINCT FROM
               (coalesce(sum(l.amount), 0)::bigint, coalesce(sum(l.tax), 0)::bigint)""",
    "bills and the ledger": """
        SELECT 'bill ' || b.id, b.total,
               coalesce(sum(e.amount) FILTER (WHERE e.side = 'D'), 0)
          FROM payments_bill b LEFT JOIN ledger_entry e ON e.transaction_id = b.booking_id
         GROUP BY b.id
        HAVING b.total <> coalesce(sum(e.amount) FILTER (WHERE e.side = 'D'), 0)""",
    "bookings of bills": """
        SELECT 'booking ' || t.idempotency_key, 'a bill', 'none'
          FROM ledger_transaction t LEFT JOIN payments_bill b ON b.booking_id = t.id
         WHERE t.kind = 'bill' AND b.id IS NULL""",
    "pending shares": """
        SELECT 'CPO ' || owner, due, booked FROM (
          SELECT coalesce(b.cpo_id::text, a.owner_id) owner, coalesce(b.due, 0) due,
                 coalesce(a.posted_credit - a.posted_debit, 0) booked
            FROM (SELECT cpo_id, currency, sum(cpo_share) due FROM payments_bill
                   WHERE released_at IS NULL GROUP BY 1, 2) b
            FULL JOIN (SELECT * FROM ledger_account WHERE code = 'cpo_pending') a
                   ON a.owner_id = b.cpo_id::text AND a.currency = b.currency) p
         WHERE due <> booked""",
    "holds and settlements": """
        SELECT 'CPO ' || owner, open, booked FROM (
          SELECT coalesce(s.cpo_id::text, a.owner_id) owner, coalesce(s.open, 0) open,
                 coalesce(a.posted_credit - a.posted_debit, 0) booked
            FROM (SELECT cpo_id, currency, sum(amount) open FROM payments_settlement
                   WHERE status IN ('requested', 'approved', 'submitting', 'submitted',
                                    'processing', 'review') GROUP BY 1, 2) s
            FULL JOIN (SELECT * FROM ledger_account WHERE code = 'cpo_settlement_hold') a
                   ON a.owner_id = s.cpo_id::text AND a.currency = s.currency) p
         WHERE open <> booked""",
    "sealed in time": """
        SELECT 'booking ' || t.idempotency_key, 'a block', 'none since ' || t.created_at
          FROM ledger_transaction t LEFT JOIN ledger_block_item i ON i.transaction_id = t.id
         WHERE i.block_id IS NULL AND t.created_at < now() - interval '1 hour'""",
}


# What apps above payments want proven, too: `also_check`.
_MORE: dict[str, str] = {}


def also_check(name: str, query: str) -> None:
    """Add a query of (what, should be, is) about rows that payments do not know."""
    _MORE[name] = query


@dataclass(frozen=True, slots=True)
class Found:
    """One difference; `expected` is empty where the check says everything in `subject`."""

    kind: str
    subject: str
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        if not (self.expected or self.found):
            return self.subject
        return f"{self.subject}: expected {self.expected}, found {self.found}"


def find_differences() -> dict[str, list[Found]]:
    """By the name of the check, in the order of checking; empty lists are proofs."""
    found = {
        name: list(_differences(name, query))
        for name, query in {**_QUERIES, **ROAMING, **QUERIES, **_MORE}.items()
    }
    found["hash chain"] = [Found("hash chain", problem) for problem in verify_chain()]
    return found


def check_books() -> dict[str, list[str]]:
    """The same in words."""
    return {name: [str(each) for each in found] for name, found in find_differences().items()}


def _differences(kind: str, query: str) -> Iterator[Found]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        for what, expected, is_now in cursor.fetchall():
            yield Found(kind, str(what), str(expected), str(is_now))
