"""The first mail to a company: whoever follows its link owns the company here."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from cpo.models import CPO, Membership, Role, User
from cpo.services import audit
from cpo.services.people import find_person, person_who_read
from unievp.lib import clock
from unievp.lib.errors import ConflictError

GOOD_FOR_S: Final = 7 * 24 * 3600
_SALT: Final = "cpo.welcome"


def send_welcome(cpo_id: UUID) -> bool:
    """Mail the link, once per company; whether it was sent now."""
    with transaction.atomic():
        waiting = CPO.objects.select_for_update().filter(_is_waiting(), pk=cpo_id).first()
        if waiting is None:
            return False
        waiting.welcomed_at = clock.now()
        waiting.save(update_fields=["welcomed_at"])
    path = reverse("company_welcome", args=(make_link_token(waiting),))
    address = f"{settings.PUBLIC_URL}{path}"
    with override("id"):
        text = render_to_string("account/email/welcome.txt", {"cpo": waiting, "address": address})
        subject = _text("Confirm %(company)s at UNIEV") % {"company": _one_line(waiting.name)}
    try:
        send_mail(subject, text, None, [waiting.contact_email])
    except OSError:
        # No mail server now: the sweep tries again.
        CPO.objects.filter(pk=cpo_id).update(welcomed_at=None)
        raise
    return True


def companies_to_welcome() -> list[UUID]:
    """What a lost nudge leaves."""
    return list(CPO.objects.filter(_is_waiting()).values_list("pk", flat=True)[:100])


def make_link_token(cpo: CPO) -> str:
    return signing.dumps([str(cpo.pk), cpo.contact_email], salt=_SALT)


def company_of_link(token: str) -> CPO | None:
    """The company behind a link that still counts; None for any other."""
    try:
        cpo_id, email = signing.loads(token, salt=_SALT, max_age=GOOD_FOR_S)
    except signing.BadSignature:
        return None
    return CPO.objects.filter(
        pk=cpo_id, contact_email=email, email_confirmed_at__isnull=True
    ).first()


def confirm_company(token: str, *, password: str = "") -> User:
    """The mail's reader owns the company. A person without an account gets one with `password`.

    Raises ConflictError for a link that no longer counts, InvalidError for a weak password.
    """
    with transaction.atomic():
        found = company_of_link(token)
        cpo = found and CPO.objects.select_for_update().get(pk=found.pk)
        if cpo is None or cpo.email_confirmed_at is not None:
            raise ConflictError(_("This link was used, or is too old."), code="link_over")
        user = person_who_read(cpo.contact_email, password=password)
        Membership.objects.get_or_create(user=user, cpo=cpo, defaults={"role": Role.OWNER})
        cpo.email_confirmed_at = clock.now()
        cpo.save(update_fields=["email_confirmed_at"])
        audit.record(
            actor=user,
            action="cpo.confirm_mail",
            subject=cpo,
            after={"owner": user.get_username()},
            cpo=cpo,
        )
    return user


def needs_account(cpo: CPO) -> bool:
    return find_person(cpo.contact_email) is None


def _is_waiting() -> Q:
    return Q(welcomed_at__isnull=True) & ~Q(contact_email="") & Q(status="pending")


def _one_line(text: str) -> str:
    return " ".join(text.split())
