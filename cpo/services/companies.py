"""What happens to a company: it registers; staff verify, reject and suspend it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cpo import states
from cpo.access import is_platform_staff
from cpo.models import CPO, CPOStatus, Membership, Role, User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ForbiddenError, InvalidError


@dataclass(frozen=True, slots=True)
class CompanyData:
    """What a company says of itself when it registers."""

    name: str
    legal_name: str = ""
    tax_number: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    address: str = ""
    bank_code: str = ""
    bank_account_name: str = ""
    bank_account_number: str = ""


def register_cpo(data: CompanyData, *, actor: User | AnonymousUser | str) -> CPO:
    """A new company, pending until staff verify it; a person who registers it owns it.

    Raises ValidationError for unusable fields, InvalidError without a name.
    """
    if not data.name.strip():
        raise InvalidError(_("A company has a name."), field="name")
    cpo = CPO(**asdict(data), status=CPOStatus.PENDING)
    cpo.clean_fields()
    with transaction.atomic():
        cpo.save(force_insert=True)
        if isinstance(actor, User):
            Membership.objects.create(user=actor, cpo=cpo, role=Role.OWNER)
        audit.record(
            actor="anonymous" if isinstance(actor, AnonymousUser) else actor,
            action="cpo.register",
            subject=cpo,
            after=asdict(data),
            cpo=cpo,
        )
    return cpo


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
        states.CPO.check(locked.status, status)
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
