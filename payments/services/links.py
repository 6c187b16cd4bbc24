"""Addresses that we give to drivers and gateways."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core.signing import BadSignature, Signer

from payments.models import Bill, PaymentIntent

# A link to a bill may be handed on (to an employer): it must not open the payment's own page,
# where refunds are directed.
_BILLS: Final = Signer(salt="payments.bill")


def payment_page_url(intent: PaymentIntent) -> str:
    """The driver's page of one payment: its secret is the only key."""
    return f"{settings.PUBLIC_URL}/pay/p/{intent.secret}"


def bill_page_url(bill: Bill) -> str:
    """The explained bill for whoever has the link; signed, so that no other bill can be guessed."""
    return f"{settings.PUBLIC_URL}/pay/b/{bill_token(bill)}"


def bill_token(bill: Bill) -> str:
    return _BILLS.sign(str(bill.pk))


def find_bill(token: str) -> Bill | None:
    """The bill that the token was made for; None for one that we did not make."""
    try:
        bill_id = int(_BILLS.unsign(token))
    except (BadSignature, ValueError):
        return None
    return Bill.objects.filter(pk=bill_id).first()
