"""What the books are proven by beside payments' own queries: CDRs and what was booked of them."""

from __future__ import annotations

from typing import Final

QUERIES: Final[dict[str, str]] = {
    # A CDR that a person has to look at says so; every other one is booked within the hour.
    "CDRs received and roaming charges": """
        SELECT 'CDR ' || coalesce(c.ocpi_id, r.cdr_reference),
               coalesce(r.id::text, 'a charge'), coalesce(c.charge_id::text, 'none')
          FROM ocpi_foreigncdr c FULL JOIN payments_roamingcharge r ON r.id = c.charge_id
         WHERE c.id IS NULL
            OR (r.id IS NULL AND c.held_because = ''
                AND c.received_at < now() - interval '1 hour')
            OR (r.id IS NOT NULL AND (r.partner_reference, r.cdr_reference) IS DISTINCT FROM
                (c.partner_id::text,
                 upper(c.country_code || '-' || c.party_id || '-' || c.ocpi_id)))""",
    "credit CDRs and credits of bills": """
        SELECT 'CDR ' || c.ocpi_id, 'a credit of its bill', 'none'
          FROM ocpi_cdr c JOIN payments_bill b ON b.id = c.bill_id
          LEFT JOIN payments_billcredit r ON r.bill_id = b.id
         WHERE c.credits_id IS NOT NULL AND b.payer_reference <> '' AND r.id IS NULL""",
}
