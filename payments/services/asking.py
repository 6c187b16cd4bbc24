"""Staff want to know what a gateway says now: the worker asks, nobody waits for it on a page."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import is_platform_staff
from cpo.models import User
from payments.events import LookWanted
from payments.models import AttemptStatus, PaymentIntent, Payout, PayoutStatus, Refund, RefundRoute
from unievp.lib.errors import ConflictError, ForbiddenError
from unievp.lib.events import publish


def ask_about_payment(intent: PaymentIntent, *, actor: User) -> int:
    """About each attempt that was sent, and each refund by the gateway; how many questions."""
    _require_staff(actor)
    attempts = intent.attempts.exclude(status=AttemptStatus.NEW).values_list("pk", flat=True)
    if not attempts:
        raise ConflictError(_("Nothing of it was sent to the gateway yet."), code="nothing_sent")
    refunds = intent.refunds.filter(route=RefundRoute.GATEWAY).values_list("pk", flat=True)
    wanted = [LookWanted(attempt_id=pk) for pk in attempts]
    wanted += [LookWanted(refund_id=pk) for pk in refunds]
    with transaction.atomic():
        for each in wanted:
            publish(each)
    return len(wanted)


def ask_about_refund(refund: Refund, *, actor: User) -> None:
    _require_staff(actor)
    if refund.route == RefundRoute.GATEWAY:
        publish(LookWanted(refund_id=refund.pk))
        return
    payout = refund.payouts.order_by("-created_at").first()
    if payout is None:
        raise ConflictError(_("Nothing of it was sent to the gateway yet."), code="nothing_sent")
    ask_about_payout(payout, actor=actor)


def ask_about_payout(payout: Payout, *, actor: User) -> None:
    _require_staff(actor)
    if payout.status == PayoutStatus.NEW:
        raise ConflictError(_("Nothing of it was sent to the gateway yet."), code="nothing_sent")
    publish(LookWanted(payout_id=payout.pk))


def _require_staff(actor: User) -> None:
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff ask the gateway."))
