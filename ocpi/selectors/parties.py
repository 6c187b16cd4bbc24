"""Which of our parties a partner deals with."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from cpo.models import CPOStatus
from ocpi.models import Partner, PartnerStatus, Party, PartyRole


def parties_for(partner: Partner) -> QuerySet[Party]:
    """Ours that it may know: its one CPO's, or every verified CPO's and the platform's own."""
    if partner.cpo_id is not None:
        return Party.objects.filter(cpo_id=partner.cpo_id)
    return Party.objects.filter(Q(cpo__isnull=True) | Q(cpo__status=CPOStatus.VERIFIED))


def cpo_parties_for(partner: Partner) -> QuerySet[Party]:
    return parties_for(partner).filter(role=PartyRole.CPO, cpo__status=CPOStatus.VERIFIED)


def emsp_party_for(partner: Partner) -> Party | None:
    """Ours as mobility provider, for whoever connects with the whole platform."""
    return parties_for(partner).filter(role=PartyRole.EMSP, cpo__isnull=True).first()


def platform_partners() -> QuerySet[Partner]:
    """Connected with the whole platform: every company may know whose drivers come to it."""
    return Partner.objects.filter(cpo__isnull=True, status=PartnerStatus.REGISTERED).order_by(
        "name"
    )
