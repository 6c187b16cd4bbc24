"""Raising a charger's security profile (white paper A05): it only goes up."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import CertificateStatus, Charger, Command
from chargers.services.commands import queue_command
from cpo.models import User
from cpo.services import audit
from unievp.lib.errors import ConflictError, InvalidError

HIGHEST = 3


def raise_security_profile(
    charger: Charger, *, profile: int, actor: User | str, insist: bool = False
) -> Command:
    """Ask the charger to connect with a higher profile from now on.

    Both are accepted until it does; from then on only the new one. Raises InvalidError for a
    profile that is not higher, ConflictError for one that the charger cannot use yet: without a
    password (1, 2), or without a certificate of ours (3) unless `insist`.
    """
    with transaction.atomic():
        locked = Charger.objects.select_for_update().get(pk=charger.pk)
        if not locked.security_profile < profile <= HIGHEST:
            detail = _("Choose a profile above %(now)d, at most 3.")
            raise InvalidError(detail % {"now": locked.security_profile}, field="profile")
        if profile < HIGHEST and not locked.password_digest:
            detail = _("Give this charger a password first.")
            raise ConflictError(detail, field="profile", code="password_missing")
        if profile == HIGHEST and not insist and not _has_certificate(locked):
            detail = _("This charger has no certificate of ours yet: ask for one first.")
            raise ConflictError(detail, field="profile", code="certificate_missing")
        command = queue_command(
            locked,
            action="ChangeConfiguration",
            payload={"key": "SecurityProfile", "value": str(profile)},
            actor=actor,
        )
        locked.pending_security_profile = profile
        locked.save(update_fields=["pending_security_profile", "updated_at"])
        return command


def profile_reached(charger_pk: int, profile: int) -> None:
    """The charger connected with the profile that was to come: the old one is refused now."""
    with transaction.atomic():
        charger = Charger.objects.select_for_update(of=("self",)).get(pk=charger_pk)
        if charger.pending_security_profile != profile:
            return
        before = charger.security_profile
        charger.security_profile = profile
        charger.pending_security_profile = None
        charger.save(update_fields=["security_profile", "pending_security_profile", "updated_at"])
        audit.record(
            actor="charger",
            action="charger.security_profile",
            subject=charger,
            before={"security_profile": before},
            after={"security_profile": profile},
            cpo=charger.cpo,
        )


def _has_certificate(charger: Charger) -> bool:
    return charger.certificates.filter(status=CertificateStatus.INSTALLED).exists()
