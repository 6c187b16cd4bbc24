"""Who works for a company, and as what. A company always has an owner."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import Right, require_right
from cpo.models import CPO, Membership, Role, User
from cpo.services import audit
from unievp.lib.errors import ConflictError


def add_member(cpo: CPO, *, user: User, role: Role, actor: User) -> Membership:
    """Raises ForbiddenError (not the actor's to do) and ConflictError (a member already)."""
    require_right(actor, cpo, Right.MANAGE)
    try:
        with transaction.atomic():
            membership = Membership.objects.create(user=user, cpo=cpo, role=role)
            audit.record(
                actor=actor,
                action="member.add",
                subject=membership,
                after={"user": user.get_username(), "role": role.value},
                cpo=cpo,
            )
    except IntegrityError as error:
        detail = _("This person is in your team already.")
        raise ConflictError(detail, field="user", code="member_exists") from error
    return membership


def change_role(membership: Membership, *, role: Role, actor: User) -> Membership:
    """Raises ForbiddenError, and ConflictError when nobody would own the company."""
    require_right(actor, membership.cpo, Right.MANAGE)
    with transaction.atomic():
        locked = _lock_team(membership)
        before = locked.role
        if role != Role.OWNER:
            _keep_an_owner(locked)
        locked.role = role
        locked.save(update_fields=["role"])
        audit.record(
            actor=actor,
            action="member.change_role",
            subject=locked,
            before={"role": before},
            after={"role": role.value},
            cpo=locked.cpo,
        )
    return locked


def remove_member(membership: Membership, *, actor: User) -> None:
    """Raises ForbiddenError, and ConflictError for the only owner."""
    require_right(actor, membership.cpo, Right.MANAGE)
    with transaction.atomic():
        locked = _lock_team(membership)
        _keep_an_owner(locked)
        audit.record(
            actor=actor,
            action="member.remove",
            subject=locked,
            before={"user": locked.user.get_username(), "role": locked.role},
            after={"user": None, "role": None},
            cpo=locked.cpo,
        )
        locked.delete()


def _lock_team(membership: Membership) -> Membership:
    """Two owners who remove each other at once wait for each other here."""
    CPO.objects.select_for_update(no_key=True).get(pk=membership.cpo_id)
    return Membership.objects.select_related("cpo", "user").get(pk=membership.pk)


def _keep_an_owner(membership: Membership) -> None:
    others = Membership.objects.filter(cpo=membership.cpo, role=Role.OWNER)
    if membership.role == Role.OWNER and not others.exclude(pk=membership.pk).exists():
        raise ConflictError(_("A company needs an owner."), code="last_owner")
