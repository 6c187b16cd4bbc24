"""A refund arrived: what was on its way is gone from our books, and the payment says so."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import is_platform_staff
from cpo.models import User
from cpo.services import audit
from payments.chart import (
    AccountRef,
    Booking,
    Code,
    clearing_account,
    gateway_account,
    transit_account,
)
from payments.events import PaymentStatusChanged, RefundStatusChanged
from payments.ledger.legs import credit, debit
from payments.models import (
    IntentStatus,
    PaymentAttempt,
    PaymentIntent,
    Refund,
    RefundRoute,
    RefundStatus,
)
from payments.services import ledger
from payments.services.intents.history import lock_intent, note
from payments.states import INTENT_TRANSITIONS, REFUND_TRANSITIONS
from unievp.lib import clock
from unievp.lib.errors import ForbiddenError, InvalidError
from unievp.lib.events import publish


def finish_refund(refund_id: UUID, *, paid_from: AccountRef | None = None) -> Refund:
    """Book the arrival, once. `paid_from` is the gateway's clearing unless a payout paid it."""
    with transaction.atomic():
        intent = lock_intent(Refund.objects.get(pk=refund_id).intent_id)
        refund = (
            Refund.objects.select_for_update(of=("self",))
            .select_related("attempt")
            .get(pk=refund_id)
        )
        if refund.status == RefundStatus.SUCCEEDED:
            return refund
        REFUND_TRANSITIONS.check(refund.status, RefundStatus.SUCCEEDED)
        source = paid_from or _where_it_stands(refund.attempt, intent)
        booking, _created = ledger.post(
            key=f"refund:{refund.pk}:ok",
            kind=Booking.REFUND,
            legs=[
                debit(transit_account(intent.pk, intent.currency), refund.amount),
                credit(source, refund.amount),
            ],
            metadata={"intent": str(intent.pk), "refund": refund.reference},
        )
        refund.status, refund.done_at, refund.error = RefundStatus.SUCCEEDED, clock.now(), ""
        refund.save(update_fields=["status", "done_at", "error"])
        _tell_intent(intent, refund, booking.pk)
        publish(RefundStatusChanged(refund.pk, refund.status))
    return refund


def confirm_refund(refund: Refund, *, actor: User, proof: str) -> Refund:
    """Staff paid it by hand, from the platform's own bank; `proof` names the transfer."""
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff may confirm a transfer."))
    if not proof.strip():
        raise InvalidError(_("Name the transfer: its reference at the bank."), field="proof")
    with transaction.atomic():
        Refund.objects.filter(pk=refund.pk).update(route=RefundRoute.MANUAL, proof=proof[:200])
        done = finish_refund(refund.pk, paid_from=AccountRef(Code.BANK_OPERATING))
        audit.record(
            actor=actor,
            action="refund.confirm",
            subject=done,
            after={"proof": proof},
            cpo=done.intent.cpo,
        )
    return done


def _where_it_stands(attempt: PaymentAttempt, intent: PaymentIntent) -> AccountRef:
    if attempt.settled_at is None:
        return clearing_account(attempt.config_id, intent.pk, intent.currency)
    return gateway_account(Code.GATEWAY_AVAILABLE, attempt.config_id, intent.currency)


def _tell_intent(intent: PaymentIntent, refund: Refund, booking_id: int) -> None:
    intent.refunded += refund.amount
    everything = intent.refunded >= intent.paid
    status = IntentStatus.REFUNDED if everything else IntentStatus.PARTIALLY_REFUNDED
    if INTENT_TRANSITIONS.allows(intent.status, status):
        intent.status = status
    intent.save(update_fields=["refunded", "status"])
    note(
        intent,
        kind="refunded",
        source="payments",
        amount=refund.amount,
        attempt=refund.attempt,
        booking_id=booking_id,
    )
    publish(PaymentStatusChanged(intent.pk, intent.status))
