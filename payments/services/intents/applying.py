"""What a gateway says becomes what we believe: one way in for answers, webhooks and polls.

Under the intent's lock, in any order, any number of times. Money is booked once per payment at the
gateway, by the ledger's key; a status never goes back from paid.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils.translation import gettext_noop

from payments.chart import Booking, clearing_account, deposit_account
from payments.events import PaymentSettled, PaymentStatusChanged
from payments.gateways.base import PaymentSnapshot, PaymentState
from payments.ledger.legs import credit, debit
from payments.models import AttemptStatus, PaymentAttempt, PaymentIntent, RefundCause
from payments.services import ledger
from payments.services.intents.history import lock_intent, note
from payments.services.refunds.starting import start_refund
from payments.states import INTENT_TRANSITIONS, OPEN_INTENTS, IntentStatus
from unievp.lib import clock
from unievp.lib.events import publish

WRONG_AMOUNT: Final = gettext_noop("Another amount than asked for")
WRONG_CURRENCY: Final = gettext_noop("Another currency than asked for")
UNKNOWN_STATE: Final = gettext_noop("The gateway says something that we do not know")
PAID_TWICE: Final = gettext_noop("Paid a second time: the second payment goes back")
LATE: Final = gettext_noop("Paid after the end: the money goes back")

_ATTEMPT: Final = {
    PaymentState.REQUIRES_ACTION: AttemptStatus.OPEN,
    PaymentState.PROCESSING: AttemptStatus.OPEN,
    PaymentState.AUTHORIZED: AttemptStatus.OPEN,
    PaymentState.SUCCEEDED: AttemptStatus.SUCCEEDED,
    PaymentState.FAILED: AttemptStatus.FAILED,
    PaymentState.CANCELED: AttemptStatus.CANCELED,
    PaymentState.EXPIRED: AttemptStatus.EXPIRED,
}
_INTENT: Final = {
    PaymentState.REQUIRES_ACTION: IntentStatus.REQUIRES_ACTION,
    PaymentState.PROCESSING: IntentStatus.PROCESSING,
    PaymentState.AUTHORIZED: IntentStatus.PROCESSING,
    PaymentState.FAILED: IntentStatus.FAILED,
    PaymentState.CANCELED: IntentStatus.CANCELED,
    PaymentState.EXPIRED: IntentStatus.EXPIRED,
}
_ENDS: Final = frozenset({IntentStatus.FAILED, IntentStatus.CANCELED, IntentStatus.EXPIRED})


def apply_snapshot(attempt_id: int, snapshot: PaymentSnapshot, *, source: str) -> PaymentIntent:
    """Apply what the gateway says of an attempt; the intent after it.

    `source` ("webhook", "poll", "send") goes into the history.
    """
    with transaction.atomic():
        attempt = PaymentAttempt.objects.get(pk=attempt_id)
        intent = lock_intent(attempt.intent_id)
        attempt = PaymentAttempt.objects.select_for_update().get(pk=attempt_id)
        was = attempt.status
        _remember(attempt, snapshot)
        if snapshot.state == PaymentState.SUCCEEDED:
            if was != AttemptStatus.SUCCEEDED:
                _captured(intent, attempt, snapshot, source)
        elif snapshot.state == PaymentState.CHARGED_BACK:
            _to_review(intent, attempt, IntentStatus.CHARGED_BACK, "chargeback", source)
        elif snapshot.state == PaymentState.UNKNOWN:
            _to_review(intent, attempt, IntentStatus.REVIEW, UNKNOWN_STATE, source)
        elif was != AttemptStatus.SUCCEEDED:
            _moved(intent, attempt, _INTENT[snapshot.state], source)
    return intent


def _remember(attempt: PaymentAttempt, snapshot: PaymentSnapshot) -> None:
    """Facts of the gateway; an attempt that was paid stays paid."""
    attempt.checked_at = clock.now()
    attempt.error = ""
    attempt.gateway_id = attempt.gateway_id or snapshot.gateway_id
    attempt.channel = snapshot.channel[:40] or attempt.channel
    attempt.raw = dict(snapshot.raw)
    if attempt.status != AttemptStatus.SUCCEEDED and snapshot.state in _ATTEMPT:
        attempt.status = _ATTEMPT[snapshot.state]
        attempt.payment_id = snapshot.payment_id or attempt.payment_id
    attempt.save()


def _captured(
    intent: PaymentIntent, attempt: PaymentAttempt, snapshot: PaymentSnapshot, source: str
) -> None:
    """Money came. It is booked as it came, whatever we wanted; then we decide what it means."""
    if snapshot.currency != intent.currency:
        _review(intent, attempt, WRONG_CURRENCY, source, snapshot.amount)
        return
    payment_id = snapshot.payment_id or attempt.reference
    booking, _created = ledger.post(
        key=f"pay:{attempt.config_id}:{payment_id}",
        kind=Booking.CAPTURE,
        legs=[
            debit(clearing_account(attempt.config_id, intent.pk, intent.currency), snapshot.amount),
            credit(deposit_account(intent.pk, intent.currency), snapshot.amount),
        ],
        metadata={"intent": str(intent.pk), "attempt": attempt.reference},
    )
    first = intent.paid == 0
    # A review without money was about the answer, not about the payment.
    waits = (*OPEN_INTENTS, IntentStatus.FAILED, IntentStatus.REVIEW)
    was_open = first and intent.status in waits
    intent.paid += snapshot.amount
    intent.paid_at = intent.paid_at or snapshot.paid_at or clock.now()
    intent.closed_at = None
    intent.save(update_fields=["paid", "paid_at", "closed_at"])
    doubt = _doubt(intent, snapshot, first=first, in_time=was_open)
    if doubt == WRONG_AMOUNT:
        _review(intent, attempt, doubt, source, snapshot.amount, booking.pk)
        return
    if not first:
        note(
            intent,
            kind="paid_again",
            source=source,
            detail=PAID_TWICE,
            amount=snapshot.amount,
            attempt=attempt,
            booking_id=booking.pk,
        )
        _give_back(intent, attempt, snapshot.amount, PAID_TWICE, RefundCause.TWICE)
        return
    intent.status, intent.is_late = IntentStatus.SUCCEEDED, not was_open
    intent.review_reason = ""
    intent.save(update_fields=["status", "is_late", "review_reason"])
    note(
        intent,
        kind="paid",
        source=source,
        detail="" if was_open else LATE,
        amount=snapshot.amount,
        attempt=attempt,
        booking_id=booking.pk,
    )
    publish(PaymentStatusChanged(intent.pk, intent.status))
    if was_open:
        publish(PaymentSettled(intent.pk))
    else:
        _give_back(intent, attempt, snapshot.amount, LATE, RefundCause.LATE)


def _doubt(
    intent: PaymentIntent, snapshot: PaymentSnapshot, *, first: bool, in_time: bool
) -> str | None:
    """Only a first payment in time can be of the wrong amount: the others go back anyway."""
    return WRONG_AMOUNT if first and in_time and snapshot.amount != intent.amount else None


def _give_back(
    intent: PaymentIntent, attempt: PaymentAttempt, amount: int, reason: str, cause: RefundCause
) -> None:
    start_refund(
        intent, attempt=attempt, amount=amount, reason=reason, actor="payments", cause=cause
    )


def _moved(
    intent: PaymentIntent, attempt: PaymentAttempt, status: IntentStatus, source: str
) -> None:
    """Any state without money. One attempt that ends does not end an intent that has others."""
    if status in _ENDS and _has_other_open(intent, attempt):
        return
    if not INTENT_TRANSITIONS.allows(intent.status, status):
        return
    intent.status = status
    intent.save(update_fields=["status"])
    note(intent, kind="moved", source=source, attempt=attempt)
    publish(PaymentStatusChanged(intent.pk, status))


def _has_other_open(intent: PaymentIntent, attempt: PaymentAttempt) -> bool:
    live = (AttemptStatus.NEW, AttemptStatus.SENDING, AttemptStatus.OPEN, AttemptStatus.UNKNOWN)
    return intent.attempts.exclude(pk=attempt.pk).filter(status__in=live).exists()


def _review(
    intent: PaymentIntent,
    attempt: PaymentAttempt,
    reason: str,
    source: str,
    amount: int,
    booking_id: int | None = None,
) -> None:
    intent.status, intent.review_reason = IntentStatus.REVIEW, reason
    intent.save(update_fields=["status", "review_reason"])
    note(
        intent,
        kind="review",
        source=source,
        detail=reason,
        amount=amount,
        attempt=attempt,
        booking_id=booking_id,
    )
    publish(PaymentStatusChanged(intent.pk, intent.status))


def _to_review(
    intent: PaymentIntent, attempt: PaymentAttempt, status: IntentStatus, reason: str, source: str
) -> None:
    if not INTENT_TRANSITIONS.allows(intent.status, status):
        return
    intent.status = status
    intent.review_reason = reason if status == IntentStatus.REVIEW else intent.review_reason
    intent.save(update_fields=["status", "review_reason"])
    note(intent, kind="review", source=source, detail=reason, attempt=attempt)
    publish(PaymentStatusChanged(intent.pk, status))
