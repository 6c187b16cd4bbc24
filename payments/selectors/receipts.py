"""What a receipt says: one reading of the rows for the page, the PDF and the mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chargers.models import BillingStatus
from payments.models import (
    Bill,
    BillLine,
    ChargeStatus,
    PaymentIntent,
    PrepaidCharge,
    Refund,
    RefundStatus,
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Amounts in minor units of `currency`. Without a bill nothing was charged (or not yet).

    `refund_due` is what is on its way back; `zone` names the clock of the place.
    """

    intent: PaymentIntent
    bill: Bill | None
    lines: list[BillLine]
    refunds: list[Refund]
    zone: str

    @property
    def number(self) -> str:
        return str(self.intent)

    @property
    def currency(self) -> str:
        return self.intent.currency

    @property
    def total(self) -> int:
        return self.bill.total if self.bill else 0

    @property
    def refunded(self) -> int:
        return self.intent.refunded

    @property
    def refund_due(self) -> int:
        waiting = (each for each in self.refunds if each.status != RefundStatus.SUCCEEDED)
        return sum(each.amount for each in waiting)

    @property
    def at(self) -> datetime:
        """When it was issued: with the bill, else when the money came."""
        issued = self.bill.issued_at if self.bill else self.intent.paid_at
        return issued or self.intent.created_at

    @property
    def method(self) -> str:
        """The gateway's own words for the channel, or our name of the method."""
        return self.intent.method


def receipt_of(intent: PaymentIntent) -> Receipt | None:
    """None while there is nothing to confirm: not paid, or what it buys is not over yet.

    `intent` with its session, charge, charger and location.
    """
    if intent.paid_at is None:
        return None
    session = intent.session
    bill = Bill.objects.filter(session=session).first() if session is not None else None
    refunds = list(intent.refunds.order_by("created_at"))
    if bill is None and not (refunds and _is_over(intent)):
        return None
    charger = intent.charger
    return Receipt(
        intent=intent,
        bill=bill,
        lines=list(bill.lines.order_by("position")) if bill else [],
        refunds=refunds,
        zone=charger.location.time_zone if charger else "Asia/Jakarta",
    )


def _is_over(intent: PaymentIntent) -> bool:
    """Whether nothing will be billed any more."""
    if intent.session is not None:
        return intent.session.billing_status == BillingStatus.NOT_BILLABLE
    charge: PrepaidCharge | None = getattr(intent, "charge", None)
    return intent.is_late or charge is None or charge.status == ChargeStatus.FAILED
