"""A refund that did not arrive: sent once more, or paid by hand, by people who do not pay twice."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import is_platform_staff
from cpo.models import User
from cpo.services import audit
from payments.events import RefundRequested, RefundStatusChanged
from payments.models import PayoutStatus, Refund, RefundRoute, RefundStatus
from payments.states import REFUND_TRANSITIONS
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError
from unievp.lib.events import publish

_S = RefundStatus
_STUCK: Final = (_S.FAILED, _S.REVIEW)
# A payout that may still arrive, or whose end nobody knows.
_MAY_ARRIVE: Final = (
    PayoutStatus.NEW,
    PayoutStatus.SENDING,
    PayoutStatus.SUBMITTED,
    PayoutStatus.PROCESSING,
    PayoutStatus.UNKNOWN,
    PayoutStatus.PAID,
    PayoutStatus.REVIEW,
)


def retry_refund(refund: Refund, *, actor: User, reason: str) -> Refund:
    """Once more the way it went: at the gateway under the same reference, or to another account.

    Raises ForbiddenError, InvalidError (reason), ConflictError (not stuck, or a payout of it may
    still arrive).
    """
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff send a refund once more."))
    if not reason.strip():
        raise InvalidError(_("Say why."), field="reason")
    with transaction.atomic():
        locked = lock_refund(refund)
        if locked.status not in _STUCK:
            raise ConflictError(_("This refund is not stuck."), code="refund_not_stuck")
        check_no_payout_arrives(locked)
        by_gateway = locked.route == RefundRoute.GATEWAY
        status = _S.REQUESTED if by_gateway else _S.NEEDS_ACCOUNT
        REFUND_TRANSITIONS.check(locked.status, status)
        before = {"status": locked.status}
        locked.status, locked.error, locked.attempts = status, "", 0
        locked.save(update_fields=["status", "error", "attempts"])
        audit.record(
            actor=actor,
            action="refund.retry",
            subject=locked,
            before=before,
            after={"status": status.value},
            cpo=locked.intent.cpo,
            reason=reason,
        )
        publish(RefundStatusChanged(locked.pk, status))
        if by_gateway:
            publish(RefundRequested(locked.pk))
    return locked


def lock_refund(refund: Refund) -> Refund:
    return (
        Refund.objects.select_for_update(of=("self",))
        .select_related("intent__cpo", "attempt")
        .get(pk=refund.pk)
    )


def check_no_payout_arrives(refund: Refund) -> None:
    if refund.payouts.filter(status__in=_MAY_ARRIVE).exists():
        detail = _("A payout of this refund may still arrive: ask the gateway first.")
        raise ConflictError(detail, code="payout_may_arrive")


def check_four_eyes(refund: Refund, actor: User | str) -> None:
    """Who gave the money back does not choose where it goes. Raises ForbiddenError."""
    if isinstance(actor, User) and refund.requested_by_id == actor.pk:
        detail = _("Who asked for a refund may not decide where it is paid to.")
        raise ForbiddenError(detail, code="four_eyes")
