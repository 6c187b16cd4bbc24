"""What happened to money, told on commit to whoever subscribed (`unievp/subscriptions.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BillIssued:
    bill_id: int


@dataclass(frozen=True, slots=True)
class SessionHeld:
    """A session could not be billed; a person has to look."""

    session_id: int


@dataclass(frozen=True, slots=True)
class SettlementRequested:
    settlement_id: int


@dataclass(frozen=True, slots=True)
class SettlementStatusChanged:
    settlement_id: int
    status: str


@dataclass(frozen=True, slots=True)
class AttemptCreated:
    """A payment waits to be sent to its gateway."""

    attempt_id: int


@dataclass(frozen=True, slots=True)
class AttemptWithdrawn:
    """Nobody wants to pay it any more; the gateway does not know yet."""

    attempt_id: int


@dataclass(frozen=True, slots=True)
class PaymentSettled:
    """The money is there, whole and in time: what was paid for may begin."""

    intent_id: UUID


@dataclass(frozen=True, slots=True)
class PaymentStatusChanged:
    intent_id: UUID
    status: str


@dataclass(frozen=True, slots=True)
class WebhookStored:
    delivery_id: int


@dataclass(frozen=True, slots=True)
class RefundRequested:
    refund_id: UUID


@dataclass(frozen=True, slots=True)
class RefundStatusChanged:
    refund_id: UUID
    status: str


@dataclass(frozen=True, slots=True)
class PayoutQueued:
    payout_id: UUID


@dataclass(frozen=True, slots=True)
class ChargeChanged:
    """What a payment bought began, is to stop, ended or failed."""

    intent_id: UUID


@dataclass(frozen=True, slots=True)
class ReceiptWanted:
    """A receipt waits to be mailed."""

    mail_id: int


@dataclass(frozen=True, slots=True)
class LookWanted:
    """A person wants to know what the gateway says now; at most one of them is named."""

    attempt_id: int | None = None
    refund_id: UUID | None = None
    payout_id: UUID | None = None
