"""A CDR of ours was taken back: the partner owes its bill no more, and nobody earned it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payments.chart import AccountRef, Booking, Code, Owner
from payments.ledger.legs import Leg, credit, debit
from payments.models import Bill, BillCredit, LedgerTransaction, Side
from payments.services import ledger
from unievp.lib import clock
from unievp.lib.errors import ConflictError


def credit_bill(bill: Bill, *, reason: str) -> BillCredit:
    """Book the opposite of the bill, once; again: the same row.

    The CPO's share comes out of pending, or out of what it may ask for once it was released: then
    InsufficientFundsError where that is spent. Raises ConflictError for a bill of no partner.
    """
    with transaction.atomic():
        bill = Bill.objects.select_for_update(of=("self",), no_key=True).get(pk=bill.pk)
        known = BillCredit.objects.filter(bill=bill).first()
        if known is not None:
            return known
        if not bill.payer_reference:
            raise ConflictError(_("No partner owes this bill."), code="no_partner")
        booking = _book(bill) if bill.booking is not None else None
        now = clock.now()
        if bill.released_at is None:
            # Its share has left pending by this booking; a release must not move it again.
            Bill.objects.filter(pk=bill.pk).update(released_at=now, release=booking)
        return BillCredit.objects.create(
            bill=bill, reason=reason[:300], credited_at=now, booking=booking
        )


def _book(bill: Bill) -> LedgerTransaction:
    assert bill.booking is not None
    legs: list[Leg] = []
    for entry in bill.booking.entries.select_related("account"):
        code = Code(entry.account.code)
        if code is Code.CPO_PENDING and bill.released_at is not None:
            code = Code.CPO_AVAILABLE
        account = AccountRef(
            code, Owner(entry.account.owner_type), entry.account.owner_id, entry.account.currency
        )
        opposite = credit if entry.side == Side.DEBIT else debit
        legs.append(opposite(account, entry.amount))
    booking, _created = ledger.post(
        key=f"bill:{bill.session_id}:credit",
        kind=Booking.BILL_CREDIT,
        legs=legs,
        metadata={"bill": bill.pk},
    )
    return booking
