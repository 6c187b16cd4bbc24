"""What gateways say beside what we booked: each query returns (what, should be, is).

Each method has the time that Xendit says it settles in (payments.md §1.3), and a day more: virtual
accounts at once, but BCA's on the next working day; QRIS and e-wallets on the second day.

A balance is looked at twice before it counts as a difference: between a gateway's step and its
line in the statement both are right.
"""

from __future__ import annotations

from typing import Final

QUERIES: Final[dict[str, str]] = {
    "payments and the ledger": """
        SELECT 'payment ' || coalesce(i.id::text, c.owner_id), coalesce(i.paid, 0),
               coalesce(c.booked, 0)
          FROM payments_paymentintent i FULL JOIN (
               SELECT a.owner_id, sum(e.amount) booked
                 FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
                 JOIN ledger_transaction t ON t.id = e.transaction_id
                WHERE t.kind = 'capture' AND a.code = 'driver_deposit' AND e.side = 'C'
                GROUP BY 1) c ON c.owner_id = i.id::text
         WHERE coalesce(i.paid, 0) <> coalesce(c.booked, 0)""",
    "payments in the gateway's statement": """
        SELECT 'line ' || l.line_id || ' ' || l.reference,
               'the payment as booked, settled once',
               l.amount || ' = ' || l.net_amount || ' + ' || l.fee || ' + ' || l.tax
          FROM payments_statementline l
         WHERE l.kind = 'payment'
           AND l.booked_at IS NULL AND (l.attempt_id IS NULL OR l.is_settled)""",
    "money that matches nothing": """
        SELECT 'suspense ' || a.owner_id, 0, a.posted_credit - a.posted_debit
          FROM ledger_account a
         WHERE a.code = 'suspense' AND a.posted_credit <> a.posted_debit""",
    "balance at the gateway": """
        SELECT 'provider ' || c.name || ' ' || c.id, b.booked, b.told
          FROM (SELECT *, row_number() OVER w AS n, lead(told > booked OR told < booked - in_flight)
                       OVER w AS before
                  FROM payments_gatewaybalance
                WINDOW w AS (PARTITION BY config_id ORDER BY at DESC)) b
          JOIN payments_providerconfig c ON c.id = b.config_id
         WHERE b.n = 1 AND b.before AND c.is_active
           AND (b.told > b.booked OR b.told < b.booked - b.in_flight)""",
    "statements read in time": """
        SELECT 'provider ' || c.name || ' ' || c.id, 'read each hour',
               'not since ' || c.statement_until
          FROM payments_providerconfig c
         WHERE c.is_active AND c.statement_until < now() - interval '6 hours'""",
    "payments settled in time": """
        SELECT 'attempt ' || a.reference, 'settled by the gateway', 'not since ' || i.paid_at
          FROM payments_paymentattempt a
          JOIN payments_paymentintent i ON i.id = a.intent_id
          JOIN payments_providerconfig c ON c.id = a.config_id
         WHERE a.status = 'succeeded' AND a.settled_at IS NULL
           AND (c.statement_until > i.paid_at + CASE
                    WHEN a.method IN ('va_bca', 'hosted') THEN interval '4 days'
                    WHEN left(a.method, 3) = 'va_' THEN interval '2 days'
                    ELSE interval '3 days' END
                OR (c.statement_until IS NULL AND i.paid_at < now() - interval '7 days'))""",
    "refunds in the gateway's statement": """
        SELECT 'line ' || l.line_id || ' ' || l.reference, l.amount,
               coalesce(r.amount || ' ' || r.status, 'no refund')
          FROM payments_statementline l LEFT JOIN payments_refund r ON r.reference = l.reference
         WHERE l.kind = 'refund' AND l.is_settled
           AND (r.amount, r.status) IS DISTINCT FROM (l.amount, 'succeeded')""",
    "transfers in the gateway's statement": """
        SELECT 'line ' || l.line_id || ' ' || l.reference, l.amount,
               coalesce(p.amount || ' ' || p.status, 'no transfer')
          FROM payments_statementline l LEFT JOIN payments_payout p ON p.reference = l.reference
         WHERE l.kind = 'payout' AND l.is_settled
           AND (p.amount, p.status) IS DISTINCT FROM (l.amount, 'paid')
           AND p.status IS DISTINCT FROM 'reversed'""",
    "fees of the gateway": """
        SELECT 'line ' || l.line_id || ' ' || l.reference, l.expected_fee, l.fee
          FROM payments_statementline l
         WHERE l.expected_fee IS NOT NULL AND abs(l.fee - l.expected_fee) > 1""",
    "fees of transfers": """
        SELECT 'line ' || l.line_id || ' ' || l.reference, coalesce(p.fee, 0), l.fee + l.tax
          FROM payments_statementline l
          JOIN payments_payout p ON p.reference = l.reference AND p.config_id = l.config_id
         WHERE l.kind = 'payout' AND l.is_settled AND p.status IN ('paid', 'reversed')
           AND coalesce(p.fee, 0) <> l.fee + l.tax""",
    "fees as booked": """
        SELECT 'line ' || l.line_id || ' ' || l.reference, l.fee + l.tax, coalesce(b.booked, 0)
          FROM payments_statementline l LEFT JOIN (
               SELECT e.transaction_id, sum(e.amount) booked
                 FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
                WHERE a.code IN ('gateway_fee_expense', 'vat_in_fees') AND e.side = 'D'
                GROUP BY 1) b ON b.transaction_id = l.booking_id
         WHERE l.kind = 'payment' AND l.booked_at IS NOT NULL
           AND l.fee + l.tax <> coalesce(b.booked, 0)""",
}
