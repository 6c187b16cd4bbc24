"""People are asked into a team by mail; whoever reads it joins with one button."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from cpo.access import Right, require_right
from cpo.events import MemberInvited
from cpo.models import CPO, Invitation, Membership, Role, User
from cpo.services import audit
from cpo.services.notifications.telling import notify, people_of
from cpo.services.people import person_who_read
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError
from unievp.lib.events import publish

GOOD_FOR: Final = timedelta(days=7)
MOST_OPEN: Final = 50
_SALT: Final = "cpo.invitation"


def invite_member(cpo: CPO, *, email: str, role: Role, actor: User) -> Invitation:
    """An open invitation, mailed after the commit. One that was never answered is replaced.

    Raises ForbiddenError (not the actor's to do), InvalidError (no address), ConflictError (a
    member already, invited already, too many open ones).
    """
    require_right(actor, cpo, Right.MANAGE)
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidError(_("This is no e-mail address."), field="email") from None
    now = clock.now()
    try:
        with transaction.atomic():
            _check_room(cpo, email)
            invitation = Invitation.objects.create(
                cpo=cpo,
                email=email,
                role=role,
                invited_by=actor,
                language=(get_language() or settings.LANGUAGE_CODE)[:5],
                created_at=now,
                expires_at=now + GOOD_FOR,
            )
            audit.record(
                actor=actor,
                action="member.invite",
                subject=invitation,
                after={"email": email, "role": role.value},
                cpo=cpo,
            )
            publish(MemberInvited(invitation.pk))
    except IntegrityError as error:
        detail = _("This address is invited already.")
        raise ConflictError(detail, field="email", code="invited_already") from error
    return invitation


def withdraw_invitation(invitation: Invitation, *, actor: User) -> None:
    """Its link counts no more. Raises ForbiddenError; ConflictError when it was accepted."""
    require_right(actor, invitation.cpo, Right.MANAGE)
    with transaction.atomic():
        locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if locked.accepted_at is not None:
            raise ConflictError(_("This invitation was accepted."), code="invitation_over")
        if locked.withdrawn_at is None:
            locked.withdrawn_at = clock.now()
            locked.save(update_fields=["withdrawn_at"])
            audit.record(
                actor=actor,
                action="member.withdraw_invitation",
                subject=locked,
                after={"email": locked.email},
                cpo=locked.cpo,
            )


def invitation_of_link(token: str) -> Invitation | None:
    """The open invitation behind a link that still counts; None for any other."""
    try:
        pk, email = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return _open().filter(pk=pk, email=email, expires_at__gt=clock.now()).first()


def accept_invitation(token: str, *, password: str = "") -> Membership:
    """The mail's reader is in the team; a person without an account gets one with `password`.

    Raises ConflictError for a link that no longer counts, InvalidError for a weak password.
    """
    with transaction.atomic():
        found = invitation_of_link(token)
        locked = found and _open().select_for_update(of=("self",)).filter(pk=found.pk).first()
        if locked is None:
            raise ConflictError(_("This link was used, or is too old."), code="link_over")
        user = person_who_read(locked.email, password=password)
        membership, _made = Membership.objects.get_or_create(
            user=user, cpo=locked.cpo, defaults={"role": locked.role}
        )
        locked.accepted_at = clock.now()
        locked.save(update_fields=["accepted_at"])
        audit.record(
            actor=user,
            action="member.join",
            subject=membership,
            after={"user": user.get_username(), "role": membership.role},
            cpo=locked.cpo,
        )
        notify(
            people_of(locked.cpo, Right.MANAGE).exclude(pk=user.pk),
            event="member.joined",
            key=f"joined:{locked.pk}",
            args={"person": locked.email, "company": locked.cpo.name},
            link=f"{reverse('portal:team')}?cpo={locked.cpo_id}",
            cpo=locked.cpo,
        )
    return membership


def send_invitation(pk: int) -> bool:
    """Mail its link, once; whether it was sent now."""
    with transaction.atomic():
        waiting = _open().select_for_update(of=("self",)).filter(pk=pk, mailed_at=None).first()
        if waiting is None:
            return False
        waiting.mailed_at = clock.now()
        waiting.save(update_fields=["mailed_at"])
    path = reverse("invitation", args=(make_link_token(waiting),))
    context = {"invitation": waiting, "address": f"{settings.PUBLIC_URL}{path}"}
    with override(waiting.language):
        text = render_to_string("account/email/invitation.txt", context)
        name = " ".join(waiting.cpo.name.split())
        subject = _("Join %(company)s at UNIEV") % {"company": name}
    try:
        send_mail(subject, text, None, [waiting.email])
    except OSError:
        # No mail server now: the sweep tries again.
        Invitation.objects.filter(pk=pk).update(mailed_at=None)
        raise
    return True


def invitations_to_send() -> list[int]:
    """What a lost nudge leaves."""
    return list(_open().filter(mailed_at=None).values_list("pk", flat=True)[:100])


def make_link_token(invitation: Invitation) -> str:
    return signing.dumps([invitation.pk, invitation.email], salt=_SALT)


def _open() -> models.QuerySet[Invitation]:
    rows = Invitation.objects.select_related("cpo", "invited_by")
    return rows.filter(accepted_at=None, withdrawn_at=None)


def _check_room(cpo: CPO, email: str) -> None:
    CPO.objects.select_for_update(no_key=True).get(pk=cpo.pk)
    if Membership.objects.filter(cpo=cpo, user__email__iexact=email).exists():
        raise ConflictError(
            _("This person is in your team already."), field="email", code="member_exists"
        )
    now = clock.now()
    _open().filter(cpo=cpo, expires_at__lte=now).update(withdrawn_at=F("expires_at"))
    if _open().filter(cpo=cpo).count() >= MOST_OPEN:
        raise ConflictError(
            _("Too many invitations are open. Withdraw some first."), code="too_many_invitations"
        )
