"""A refund begins: the money leaves the deposit, so that nothing else can take it."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import Actor, Right, audit_name, require_right
from cpo.models import User
from cpo.services import audit
from cpo.services.api_keys import person_behind
from payments.chart import Booking, deposit_account, transit_account
from payments.events import RefundRequested
from payments.ledger.legs import credit, debit
from payments.models import (
    AttemptStatus,
    ChargeStatus,
    PaymentAttempt,
    PaymentIntent,
    PrepaidCharge,
    Refund,
    RefundCause,
)
from payments.services import ledger
from payments.services.intents.history import lock_intent, note
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError
from unievp.lib.events import publish


def request_refund(
    intent: PaymentIntent, *, actor: Actor, reason: str, amount: int | None = None
) -> list[Refund]:
    """A person gives money back: all that is left, or `amount` of it.

    One refund for each attempt that paid, newest first. Raises ForbiddenError, InvalidError,
    RefusedError (nothing left, or more than is left), ConflictError (charging is under way).
    """
    require_right(actor, intent.cpo, Right.MONEY)
    if not reason.strip():
        raise InvalidError(_("Say why."), field="reason")
    with transaction.atomic():
        locked = lock_intent(intent.pk)
        _check_charge(locked)
        left = ledger.balance_of(deposit_account(locked.pk, locked.currency))
        wanted = left if amount is None else amount
        if not 0 < wanted <= left:
            detail = _("There are %(left)d left to give back.") % {"left": left}
            raise RefusedError(detail, field="amount", code="refund_exceeds_rest")
        refunds = refund_amount(
            locked,
            amount=wanted,
            reason=reason,
            actor=audit_name(actor),
            asked_by=person_behind(actor),
        )
        audit.record(
            actor=audit_name(actor),
            action="payment.refund",
            subject=locked,
            after={"amount": wanted},
            cpo=locked.cpo,
            reason=reason,
        )
    return refunds


def _check_charge(intent: PaymentIntent) -> None:
    """What runs is paid from the deposit: stop it first, and the rest goes back by itself."""
    running = (ChargeStatus.STARTING, ChargeStatus.CHARGING)
    if PrepaidCharge.objects.filter(intent=intent, status__in=running).exists():
        detail = _("Charging is under way: stop it, and the rest goes back by itself.")
        raise ConflictError(detail, code="charge_running")


def refund_amount(
    intent: PaymentIntent,
    *,
    amount: int,
    reason: str,
    actor: User | str = "payments",
    asked_by: int | None = None,
    cause: RefundCause = RefundCause.PERSON,
) -> list[Refund]:
    """Give back `amount` of a locked intent, by the attempts that paid, newest first.

    `asked_by`: the person behind a key, who has no second pair of eyes.
    """
    refunds: list[Refund] = []
    paid = intent.attempts.filter(status=AttemptStatus.SUCCEEDED).order_by("-number")
    for attempt in paid:
        mine = sum(each.amount for each in attempt.refunds.all())
        share = min(amount, _received(attempt) - mine)
        if share <= 0:
            continue
        refunds.append(
            start_refund(
                intent,
                attempt=attempt,
                amount=share,
                reason=reason,
                actor=actor,
                asked_by=asked_by,
                cause=cause,
            )
        )
        amount -= share
    return refunds


def start_refund(
    intent: PaymentIntent,
    *,
    attempt: PaymentAttempt,
    amount: int,
    reason: str,
    actor: User | str,
    asked_by: int | None = None,
    cause: RefundCause = RefundCause.PERSON,
) -> Refund:
    """Book and queue one refund of a locked intent. Raises InsufficientFundsError."""
    user = actor if isinstance(actor, User) else None
    key = uuid4()
    refund = Refund.objects.create(
        id=key,
        intent=intent,
        attempt=attempt,
        reference=f"rf-{key.hex}",
        amount=amount,
        currency=intent.currency,
        reason=reason[:200],
        cause=cause,
        requested_by_id=user.pk if user else asked_by,
        requested_label=(user.get_username() if user else str(actor))[:150],
        created_at=clock.now(),
    )
    booking, _created = ledger.post(
        key=f"refund:{key}:start",
        kind=Booking.REFUND_STARTED,
        legs=[
            debit(deposit_account(intent.pk, intent.currency), amount),
            credit(transit_account(intent.pk, intent.currency), amount),
        ],
        metadata={"intent": str(intent.pk)},
    )
    note(
        intent,
        kind="refund_started",
        source="payments" if user is None else user.get_username(),
        detail=reason,
        amount=amount,
        attempt=attempt,
        booking_id=booking.pk,
    )
    publish(RefundRequested(refund.pk))
    return refund


def _received(attempt: PaymentAttempt) -> int:
    """What came by this attempt, by its own history."""
    events = attempt.intent.events.filter(
        attempt=attempt, kind__in=("paid", "paid_again", "review")
    )
    return sum(event.amount or 0 for event in events if event.booking_id is not None)
