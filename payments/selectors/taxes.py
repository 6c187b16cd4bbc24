"""The taxes inside a bill, each for itself, as they are booked."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from payments.chart import Code
from payments.models import Bill, LedgerEntry, Side


@dataclass(frozen=True, slots=True)
class BillTaxes:
    """Minor units; together the bill's `tax`."""

    vat: int
    pbjt: int


def taxes_of_bill(bill: Bill) -> BillTaxes:
    """By one query; a bill of 0 has no booking and no tax."""
    if bill.booking_id is None:
        return BillTaxes(0, 0)
    rows = (
        LedgerEntry.objects.filter(
            transaction=bill.booking_id, account__code__in=(Code.PPN_PAYABLE, Code.PBJT_PAYABLE)
        )
        .values_list("account__code", "side")
        .annotate(amount=Sum("amount"))
    )
    found = {Code.PPN_PAYABLE: 0, Code.PBJT_PAYABLE: 0}
    for code, side, amount in rows:
        found[Code(code)] += amount if side == Side.CREDIT else -amount
    return BillTaxes(found[Code.PPN_PAYABLE], found[Code.PBJT_PAYABLE])
