"""What must be equal about roaming: each query returns (what, should be, is) where it is not."""

from __future__ import annotations

from typing import Final

ROAMING: Final[dict[str, str]] = {
    "partners' bills and the ledger": """
        SELECT 'bill ' || b.id, b.payer_reference || ' owes ' || b.total,
               coalesce(max(a.owner_id) || ' owes ' || sum(e.amount), 'nobody')
          FROM payments_bill b LEFT JOIN ledger_entry e
               ON e.transaction_id = b.booking_id AND e.side = 'D'
          LEFT JOIN ledger_account a ON a.id = e.account_id
         WHERE b.payer_reference <> '' AND b.total > 0
         GROUP BY b.id
        HAVING coalesce(sum(e.amount) FILTER (WHERE a.code = 'roaming_receivable'
                    AND a.owner_id = b.payer_reference), 0) <> b.total""",
    "roaming charges and the ledger": """
        SELECT 'roaming charge ' || c.id, c.total || ' = ' || (c.net + c.tax) || ' + ' || c.margin,
               coalesce(e.driver, 0) || ' = ' || coalesce(e.partner, 0) || ' + '
                   || coalesce(e.kept, 0)
          FROM payments_roamingcharge c LEFT JOIN LATERAL (
               SELECT sum(CASE l.side WHEN 'D' THEN l.amount ELSE -l.amount END) FILTER (
                          WHERE a.code = 'driver_receivable' AND a.owner_id = c.driver_id::text)
                          AS driver,
                      sum(CASE l.side WHEN 'C' THEN l.amount ELSE -l.amount END) FILTER (
                          WHERE a.code = 'roaming_payable' AND a.owner_id = c.partner_reference)
                          AS partner,
                      sum(CASE l.side WHEN 'C' THEN l.amount ELSE -l.amount END) FILTER (
                          WHERE a.code = 'platform_fee_revenue') AS kept
                 FROM ledger_entry l JOIN ledger_account a ON a.id = l.account_id
                WHERE l.transaction_id = c.booking_id) e ON true
         WHERE (c.total, c.net + c.tax, c.margin) IS DISTINCT FROM
               (coalesce(e.driver, 0)::bigint, coalesce(e.partner, 0)::bigint,
                coalesce(e.kept, 0)::bigint)""",
    "bookings of roaming charges": """
        SELECT 'booking ' || t.idempotency_key, 'a charge', 'none'
          FROM ledger_transaction t LEFT JOIN payments_roamingcharge c ON c.booking_id = t.id
         WHERE t.kind = 'roaming_charge' AND c.id IS NULL""",
    "roaming charges taken back": """
        SELECT 'roaming charge ' || c.id, -o.total, c.total
          FROM payments_roamingcharge c JOIN payments_roamingcharge o ON o.id = c.credits_id
         WHERE (c.driver_id, c.partner_reference, c.currency, -c.net, -c.tax, -c.margin)
               IS DISTINCT FROM
               (o.driver_id, o.partner_reference, o.currency, o.net, o.tax, o.margin)""",
    "credits of bills and the ledger": """
        SELECT 'bill ' || b.id, b.total, coalesce(sum(e.amount) FILTER (
                   WHERE a.code = 'roaming_receivable' AND a.owner_id = b.payer_reference
                     AND e.side = 'C'), 0)
          FROM payments_billcredit r JOIN payments_bill b ON b.id = r.bill_id
          LEFT JOIN ledger_entry e ON e.transaction_id = r.booking_id
          LEFT JOIN ledger_account a ON a.id = e.account_id
         GROUP BY b.id
        HAVING b.total <> coalesce(sum(e.amount) FILTER (
                   WHERE a.code = 'roaming_receivable' AND a.owner_id = b.payer_reference
                     AND e.side = 'C'), 0)""",
    "bookings of credits": """
        SELECT 'booking ' || t.idempotency_key, 'a credit', 'none'
          FROM ledger_transaction t LEFT JOIN payments_billcredit r ON r.booking_id = t.id
         WHERE t.kind = 'bill_credit' AND r.id IS NULL""",
}
