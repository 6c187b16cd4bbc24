"""Who waits for news of one payment listens to its group; the message only says "look"."""

from __future__ import annotations

from uuid import UUID

from payments.events import ChargeChanged, PaymentStatusChanged
from unievp.lib.live import broadcast, group_name


def payment_group(intent_id: UUID) -> str:
    return group_name("payment", intent_id)


def on_payment_changed(event: PaymentStatusChanged | ChargeChanged) -> None:
    broadcast(payment_group(event.intent_id), {"type": "payment.changed"})
