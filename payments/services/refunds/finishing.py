"""A refund arrived: what was on its way is gone from our books, and the payment says so."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

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
    Payout,
    PayoutStatus,
    Refund,
    RefundRoute,
    RefundStatus,
)
from payments.services import ledger
from payments.services.intents.history import lock_intent, note
from payments.services.refunds.repairing import check_four_eyes, check_no_payout_arrives
from payments.states import INTENT_TRANSITIONS, REFUND_TRANSITIONS
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError
from unievp.lib.events import publish

RETURNED: Final = gettext_noop("Returned by the bank")
# Where a transfer by hand cannot be a second one.
_BY_HAND: Final = (RefundStatus.NEEDS_ACCOUNT, RefundStatus.FAILED, RefundStatus.REVIEW)


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
        booking, created = ledger.post(
            key=_key(refund),
            kind=Booking.REFUND,
            legs=[
                debit(transit_account(intent.pk, intent.currency), refund.amount),
                credit(source, refund.amount),
            ],
            metadata={"intent": str(intent.pk), "refund": refund.reference},
        )
        refund.status, refund.done_at, refund.error = RefundStatus.SUCCEEDED, clock.now(), ""
        refund.save(update_fields=["status", "done_at", "error"])
        if created:
            _tell_intent(intent, refund, booking.pk)
        publish(RefundStatusChanged(refund.pk, refund.status))
    return refund


def return_refund(refund_id: UUID, *, payout: Payout) -> Refund:
    """The bank sent it back: it is on its way to the driver again, and waits for an account.

    `payout` says so (`reversed`), and is where the money stands now. Once per payout.
    """
    with transaction.atomic():
        intent = lock_intent(Refund.objects.get(pk=refund_id).intent_id)
        refund = Refund.objects.select_for_update(of=("self",)).get(pk=refund_id)
        refund.status, refund.error = RefundStatus.NEEDS_ACCOUNT, payout.failure or RETURNED
        if refund.done_at is not None:
            refund.done_at = None
            _book_back(intent, refund, payout)
        refund.save(update_fields=["status", "error", "done_at"])
        publish(RefundStatusChanged(refund.pk, refund.status))
    return refund


def _book_back(intent: PaymentIntent, refund: Refund, payout: Payout) -> None:
    booking, _created = ledger.post(
        key=f"refund:{refund.pk}:back:{payout.pk}",
        kind=Booking.REFUND_RETURNED,
        legs=[
            debit(
                gateway_account(Code.GATEWAY_AVAILABLE, payout.config_id, intent.currency),
                refund.amount,
            ),
            credit(transit_account(intent.pk, intent.currency), refund.amount),
        ],
        metadata={"intent": str(intent.pk), "refund": refund.reference},
    )
    intent.refunded -= refund.amount
    if intent.status in (IntentStatus.REFUNDED, IntentStatus.PARTIALLY_REFUNDED):
        some = bool(intent.refunded)
        intent.status = IntentStatus.PARTIALLY_REFUNDED if some else IntentStatus.SUCCEEDED
    intent.save(update_fields=["refunded", "status"])
    note(
        intent,
        kind="refund_returned",
        source="payments",
        amount=refund.amount,
        attempt=refund.attempt,
        booking_id=booking.pk,
    )
    publish(PaymentStatusChanged(intent.pk, intent.status))


def _key(refund: Refund) -> str:
    """One arrival for each time that the bank did not send it back."""
    returned = refund.payouts.filter(status=PayoutStatus.REVERSED).count()
    return f"refund:{refund.pk}:ok:{returned}" if returned else f"refund:{refund.pk}:ok"


def confirm_refund(refund: Refund, *, actor: User, proof: str) -> Refund:
    """Staff paid it by hand, from the platform's own bank; `proof` names the transfer.

    Raises ForbiddenError (also for who asked for the refund), InvalidError (proof), ConflictError
    (it may arrive another way).
    """
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff may confirm a transfer."))
    if not proof.strip():
        raise InvalidError(_("Name the transfer: its reference at the bank."), field="proof")
    with transaction.atomic():
        lock_intent(refund.intent_id)
        locked = Refund.objects.select_for_update().get(pk=refund.pk)
        if locked.status not in _BY_HAND:
            detail = _("This refund is on its way, or has arrived.")
            raise ConflictError(detail, code="refund_under_way")
        check_no_payout_arrives(locked)
        check_four_eyes(locked, actor)
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
