"""A payout that nobody can tell the end of: a person asks the bank, and says what became of it."""

from __future__ import annotations

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import is_platform_staff
from cpo.models import User
from cpo.services import audit
from payments.models import Payout, PayoutStatus
from payments.services.payouts.applying import end_payout
from payments.services.settling.policy import check_four_eyes
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError


class Outcome(models.TextChoices):
    ARRIVED = "paid", _("It arrived")
    FAILED = "failed", _("It never arrives")


def resolve_payout(payout: Payout, *, outcome: str, reason: str, actor: User) -> Payout:
    """End the review of a payout, and with it of what it is for.

    Raises ForbiddenError (also for who asked for the money), InvalidError, ConflictError.
    """
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff decide about payouts in review."))
    if not reason.strip():
        raise InvalidError(_("Say why."), field="reason")
    if outcome not in Outcome.values:
        known = ", ".join(Outcome.values)
        raise InvalidError(_("One of: %(known)s.") % {"known": known}, field="outcome")
    with transaction.atomic():
        locked = Payout.objects.select_for_update(of=("self",)).get(pk=payout.pk)
        if locked.status != PayoutStatus.REVIEW:
            raise ConflictError(_("This payout is not in review."), code="not_in_review")
        if locked.settlement is not None:
            check_four_eyes(locked.settlement, actor)
        cpo = locked.settlement.cpo if locked.settlement else None
        if locked.refund is not None:
            cpo = locked.refund.intent.cpo
        ended = end_payout(locked.pk, PayoutStatus(outcome), failure=_failure(outcome, reason))
        audit.record(
            actor=actor,
            action=f"payout.review_{outcome}",
            subject=locked,
            before={"status": PayoutStatus.REVIEW.value},
            after={"status": outcome},
            cpo=cpo,
            reason=reason,
        )
    return ended


def _failure(outcome: str, reason: str) -> str:
    return "" if outcome == Outcome.ARRIVED else reason
