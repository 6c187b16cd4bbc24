"""What happens to a company: it registers; staff verify, reject and suspend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cpo import states
from cpo.access import Actor, Right, audit_name, is_platform_staff, require_right
from cpo.events import CompanyRegistered
from cpo.models import CPO, CPOStatus, Membership, Role, User
from cpo.services import audit
from cpo.services.documents import Paper, add_document
from cpo.services.notifications.telling import notify, people_of
from unievp.lib import clock
from unievp.lib.errors import ForbiddenError, InvalidError, RefusedError
from unievp.lib.events import publish


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


def register_cpo(
    data: CompanyData, *, actor: User | AnonymousUser | str, papers: Sequence[Paper] = ()
) -> CPO:
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
        for paper in papers:
            add_document(cpo, paper, actor=str(actor) or "anonymous")
        publish(CompanyRegistered(cpo.pk))
        audit.record(
            actor="anonymous" if isinstance(actor, AnonymousUser) else actor,
            action="cpo.register",
            subject=cpo,
            after=asdict(data),
            cpo=cpo,
        )
    return cpo


# What a company may change of itself at any time.
CHANGEABLE: Final = ("name", "contact_name", "contact_email", "contact_phone", "address")
# What was looked at when it was verified: afterwards only staff change it.
VERIFIED_DATA: Final = ("legal_name", "tax_number")


def change_company(cpo: CPO, *, actor: Actor, **changes: str) -> CPO:
    """Change what `CHANGEABLE` and `VERIFIED_DATA` name.

    Raises ForbiddenError, RefusedError for what was verified, ValidationError for unusable values.
    """
    require_right(actor, cpo, Right.MANAGE)
    staff = is_platform_staff(actor)
    allowed = {*CHANGEABLE, *VERIFIED_DATA}
    if unknown := sorted(set(changes) - allowed):
        message = f"{unknown[0]} cannot be changed"
        raise TypeError(message)
    with transaction.atomic():
        locked = CPO.objects.select_for_update().get(pk=cpo.pk)
        before = {name: getattr(locked, name) for name in changes}
        changed = {name: value for name, value in changes.items() if before[name] != value}
        fixed = [name for name in VERIFIED_DATA if name in changed]
        if fixed and locked.status == CPOStatus.VERIFIED and not staff:
            raise RefusedError(
                _("This was verified: ask the platform to change it."),
                field=fixed[0],
                code="verified_data",
            )
        if "name" in changed and not changed["name"].strip():
            raise InvalidError(_("A company has a name."), field="name")
        for name, value in changed.items():
            setattr(locked, name, value)
        locked.clean_fields()
        locked.save(update_fields=list(changed))
        if changed:
            audit.record(
                actor=audit_name(actor),
                action="cpo.change",
                subject=locked,
                before=before,
                after=changed,
                cpo=locked,
            )
    return locked


def change_cpo_status(cpo: CPO, *, actor: Actor, status: CPOStatus, reason: str = "") -> CPO:
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
        entry = audit.record(
            actor=audit_name(actor),
            action=f"cpo.{status.value}",
            subject=locked,
            before=before,
            after={"status": locked.status, "status_reason": reason},
            cpo=locked,
            reason=reason,
        )
        notify(
            people_of(locked, Right.MANAGE),
            event=f"company.{status.value}",
            key=f"company:{locked.pk}:{status.value}:{entry.pk}",
            args={"company": locked.name, "reason": reason},
            link=f"{reverse('portal:company')}?cpo={locked.pk}",
            cpo=locked,
        )
    return locked
