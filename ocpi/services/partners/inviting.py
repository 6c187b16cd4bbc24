"""The beginning of a partner: a token to register with, shown once."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from cpo.models import CPO, User
from cpo.services import audit
from ocpi.models import InboundToken, InboundTokenKind, Partner, PartnerStatus
from ocpi.services.parties import ensure_parties, ensure_party
from ocpi.states import PARTNER
from unievp.lib.errors import InvalidError
from unievp.lib.secrets import keyed_digest, new_token


def invite_partner(*, name: str, actor: User | str, cpo: CPO | None = None) -> tuple[Partner, str]:
    """A partner that may register with us, and the token (CREDENTIALS_TOKEN_A) for it.

    Bound to `cpo`, or to the whole platform. Raises InvalidError for no name.
    """
    if not name.strip():
        raise InvalidError(_("Give the partner a name."), field="name")
    with transaction.atomic():
        _make_parties(cpo, actor)
        partner = Partner.objects.create(name=name.strip()[:120], cpo=cpo)
        token = issue_token(partner, InboundTokenKind.REGISTRATION)
        audit.record(actor=actor, action="ocpi_partner.invite", subject=partner, cpo=cpo)
    return partner, token


def invite_again(partner: Partner, *, actor: User | str) -> str:
    """Another token to register with; the one before is void.

    Raises ConflictError for a partner that is connected.
    """
    with transaction.atomic():
        locked = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
        if locked.status != PartnerStatus.INVITED:
            PARTNER.check(locked.status, PartnerStatus.INVITED)
            locked.status = PartnerStatus.INVITED
            locked.save(update_fields=["status"])
        _make_parties(locked.cpo, actor)
        InboundToken.objects.filter(partner=locked).delete()
        token = issue_token(locked, InboundTokenKind.REGISTRATION)
        audit.record(actor=actor, action="ocpi_partner.invite", subject=locked, cpo=locked.cpo)
    return token


def issue_token(partner: Partner, kind: InboundTokenKind) -> str:
    """A new token (43 characters) that the partner calls us with; only its digest is kept."""
    token = new_token()
    InboundToken.objects.create(partner=partner, kind=kind, digest=keyed_digest(token.encode()))
    return token


def _make_parties(cpo: CPO | None, actor: User | str) -> None:
    if cpo is None:
        ensure_parties(actor=actor)
    else:
        ensure_party(cpo, actor=actor)
