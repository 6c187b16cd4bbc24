"""A payment's lock and its history: every change is under the one and in the other."""

from __future__ import annotations

from uuid import UUID

from payments.models import PaymentAttempt, PaymentEvent, PaymentIntent
from unievp.lib import clock


def lock_intent(intent_id: UUID) -> PaymentIntent:
    """The row under its lock: taken before its attempts', its refunds' and the ledger's."""
    return (
        PaymentIntent.objects.select_for_update(of=("self",))
        .select_related("cpo")
        .get(pk=intent_id)
    )


def note(
    intent: PaymentIntent,
    *,
    kind: str,
    source: str,
    detail: str = "",
    amount: int | None = None,
    attempt: PaymentAttempt | None = None,
    booking_id: int | None = None,
) -> PaymentEvent:
    """A line of the payment's history; the caller has changed the status already."""
    return PaymentEvent.objects.create(
        intent=intent,
        attempt=attempt,
        at=clock.now(),
        kind=kind,
        status=intent.status,
        source=source[:32],
        detail=detail[:300],
        amount=amount,
        booking_id=booking_id,
    )
