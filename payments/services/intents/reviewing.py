"""A payment that is in review: a person decides what the money, or the missing answer, means."""

from __future__ import annotations

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cpo.access import Actor, audit_name, is_platform_staff
from cpo.services import audit
from cpo.services.api_keys import person_behind
from payments.chart import deposit_account
from payments.events import PaymentSettled, PaymentStatusChanged
from payments.models import ChargeStatus, IntentStatus, PaymentIntent, PrepaidCharge
from payments.services import ledger
from payments.services.intents.history import lock_intent, note
from payments.services.prepaid.closing import fail_charge
from payments.services.refunds.starting import refund_amount
from payments.states import INTENT_TRANSITIONS
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError
from unievp.lib.events import publish

GIVEN_BACK = gettext_noop("The payment was given back")


class Decision(models.TextChoices):
    ACCEPT = "accept", _("Accept what was paid")
    RETURN = "return", _("Give all of it back")
    CLOSE = "close", _("Close: nothing was paid")


def resolve_review(
    intent: PaymentIntent, *, decision: str, reason: str, actor: Actor
) -> PaymentIntent:
    """End a review. Money that comes after it is seen and booked all the same.

    Raises ForbiddenError, InvalidError (reason, decision), ConflictError (not in review; the
    decision does not fit to what was paid).
    """
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff decide about payments in review."))
    if not reason.strip():
        raise InvalidError(_("Say why."), field="reason")
    if decision not in Decision.values:
        known = ", ".join(Decision.values)
        raise InvalidError(_("One of: %(known)s.") % {"known": known}, field="decision")
    with transaction.atomic():
        locked = lock_intent(intent.pk)
        _check(locked, decision)
        _move(locked, decision)
        note(locked, kind="resolved", source=str(audit_name(actor)), detail=reason)
        if decision == Decision.RETURN:
            _give_back(locked, reason, actor)
        audit.record(
            actor=audit_name(actor),
            action=f"payment.review_{decision}",
            subject=locked,
            before={"status": IntentStatus.REVIEW.value},
            after={"status": locked.status},
            cpo=locked.cpo,
            reason=reason,
        )
        publish(PaymentStatusChanged(locked.pk, locked.status))
        if decision == Decision.ACCEPT:
            publish(PaymentSettled(locked.pk))
    return locked


def _check(intent: PaymentIntent, decision: str) -> None:
    if intent.status != IntentStatus.REVIEW:
        raise ConflictError(_("This payment is not in review."), code="not_in_review")
    if decision == Decision.CLOSE and intent.paid:
        detail = _("Money came: accept it, or give it back.")
        raise ConflictError(detail, code="review_has_money")
    if decision != Decision.CLOSE and not intent.paid:
        detail = _("No money came: ask the gateway once more, or close the payment.")
        raise ConflictError(detail, code="review_without_money")


def _move(intent: PaymentIntent, decision: str) -> None:
    if decision == Decision.CLOSE:
        status = IntentStatus.FAILED
        intent.closed_at = clock.now()
    elif not intent.refunded:
        status = IntentStatus.SUCCEEDED
    elif intent.refunded < intent.paid:
        status = IntentStatus.PARTIALLY_REFUNDED
    else:
        status = IntentStatus.REFUNDED
    INTENT_TRANSITIONS.check(intent.status, status)
    intent.status, intent.review_reason = status, ""
    intent.save(update_fields=["status", "review_reason", "closed_at"])


def _give_back(intent: PaymentIntent, reason: str, actor: Actor) -> None:
    """What was to begin never does; what runs is billed first, and only the rest goes back."""
    charge = PrepaidCharge.objects.select_for_update().filter(intent=intent).first()
    if charge is not None and charge.status == ChargeStatus.WAITING:
        fail_charge(intent, charge, GIVEN_BACK)
        return
    if charge is not None and charge.status in (ChargeStatus.STARTING, ChargeStatus.CHARGING):
        detail = _("Charging is under way: stop it, and the rest goes back by itself.")
        raise ConflictError(detail, code="charge_running")
    left = ledger.balance_of(deposit_account(intent.pk, intent.currency))
    if left:
        refund_amount(
            intent,
            amount=left,
            reason=reason,
            actor=audit_name(actor),
            asked_by=person_behind(actor),
        )
