"""What happens to a company: staff verify, reject and suspend it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import is_platform_staff
from cpo.models import CPO, CPOStatus, User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ForbiddenError, InvalidError
from unievp.lib.transitions import Transitions

CPO_TRANSITIONS = Transitions(
    {
        CPOStatus.PENDING: {CPOStatus.VERIFIED, CPOStatus.REJECTED},
        CPOStatus.VERIFIED: {CPOStatus.SUSPENDED},
        # A company that was turned away may come back with better papers.
        CPOStatus.REJECTED: {CPOStatus.VERIFIED},
        CPOStatus.SUSPENDED: {CPOStatus.VERIFIED, CPOStatus.REJECTED},
    }
)


def change_cpo_status(cpo: CPO, *, actor: User, status: CPOStatus, reason: str = "") -> CPO:
    """Verify, reject or suspend. Only platform staff; a refusal needs its reason.

    Raises ForbiddenError, InvalidError (no reason), ConflictError (not from this status).
    """
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff decide about a company."))
    if status in {CPOStatus.REJECTED, CPOStatus.SUSPENDED} and not reason.strip():
        raise InvalidError(_("Say why."), field="reason")
    with transaction.atomic():
        locked = CPO.objects.select_for_update().get(pk=cpo.pk)
        before = {"status": locked.status, "status_reason": locked.status_reason}
        CPO_TRANSITIONS.check(locked.status, status)
        locked.status = status
        locked.status_reason = reason
        if status == CPOStatus.VERIFIED:
            locked.verified_at = clock.now()
        locked.save(update_fields=["status", "status_reason", "verified_at"])
        audit.record(
            actor=actor,
            action=f"cpo.{status.value}",
            subject=locked,
            before=before,
            after={"status": locked.status, "status_reason": reason},
            cpo=locked,
            reason=reason,
        )
    return locked
