"""The rows of a connection: made in one transaction, after everybody was called."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cpo.models import User
from cpo.services import audit
from ocpi.events import PartnerDisconnected, PartnerRegistered
from ocpi.models import (
    InboundToken,
    InboundTokenKind,
    Partner,
    PartnerEndpoint,
    PartnerParty,
    PartnerStatus,
    Party,
)
from ocpi.services.partners.credentials import Credentials
from ocpi.services.partners.discovery import Offer
from ocpi.services.tokens.tags import block_tags, restore_tags
from ocpi.states import PARTNER
from ocpi.wire.codes import invalid
from unievp.lib import clock
from unievp.lib.events import publish

# Requests are under way with the old token while the new one is told.
GRACE: Final = timedelta(seconds=60)


def locked(partner: Partner) -> Partner:
    return Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)


def connect(partner: Partner, credentials: Credentials, offer: Offer, *, actor: User | str) -> None:
    """Store how the (locked) partner is called from now on.

    Raises OcpiError 2001 for a party that another platform holds, or that is ours.
    """
    _check_parties(partner, credentials)
    now = clock.now()
    # Who was paused by us does not resume itself with new credentials.
    if partner.status != PartnerStatus.SUSPENDED:
        PARTNER.check(partner.status, PartnerStatus.REGISTERED)
        partner.status = PartnerStatus.REGISTERED
    partner.token = credentials.token
    partner.versions_url = credentials.url
    partner.version = offer.version
    partner.registered_at = partner.registered_at or now
    partner.last_error, partner.last_error_at = "", None
    partner.save()
    _store_what_they_are(partner, credentials, offer)
    audit.record(
        actor=actor,
        action="ocpi_partner.connect",
        subject=partner,
        after={
            "versions_url": credentials.url,
            "version": offer.version,
            "parties": ", ".join(
                f"{one.country_code}-{one.party_id} {one.role}" for one in credentials.parties
            ),
        },
        cpo=partner.cpo,
    )
    restore_tags(partner)
    publish(PartnerRegistered(partner.pk))


def _store_what_they_are(partner: Partner, credentials: Credentials, offer: Offer) -> None:
    """Parties and modules as they are now; what was before is gone."""
    partner.parties.all().delete()
    parties = [
        PartnerParty(
            partner=partner,
            role=one.role,
            country_code=one.country_code,
            party_id=one.party_id,
            name=one.name,
            website=one.website,
        )
        for one in credentials.parties
    ]
    try:
        with transaction.atomic():
            PartnerParty.objects.bulk_create(parties)
    except IntegrityError:
        raise invalid(_("roles: one of them was taken by another platform just now")) from None
    partner.endpoints.all().delete()
    PartnerEndpoint.objects.bulk_create(
        PartnerEndpoint(partner=partner, identifier=one.identifier, role=one.role, url=one.url)
        for one in offer.endpoints
    )


def retire_tokens(partner: Partner, *, but: int = 0) -> None:
    """Tokens to register with die at once, the others after a grace."""
    tokens = InboundToken.objects.filter(partner=partner).exclude(pk=but)
    tokens.filter(kind=InboundTokenKind.REGISTRATION).delete()
    tokens.filter(expires_at__isnull=True).update(expires_at=clock.now() + GRACE)


def forget_connection(partner: Partner, *, actor: User | str, reason: str) -> None:
    """The (locked) partner is called no more and may call no more; what it did stays."""
    PARTNER.check(partner.status, PartnerStatus.DISCONNECTED)
    partner.status = PartnerStatus.DISCONNECTED
    partner.token, partner.registered_at = "", None
    partner.save(update_fields=["status", "token", "registered_at"])
    InboundToken.objects.filter(partner=partner).delete()
    partner.parties.all().delete()
    partner.endpoints.all().delete()
    audit.record(
        actor=actor,
        action="ocpi_partner.disconnect",
        subject=partner,
        reason=reason,
        cpo=partner.cpo,
    )
    # Its drivers are refused from now on; what runs goes on and is billed.
    block_tags(partner)
    publish(PartnerDisconnected(partner.pk))


def _check_parties(partner: Partner, credentials: Credentials) -> None:
    for one in credentials.parties:
        name = f"{one.country_code}-{one.party_id} ({one.role})"
        held = PartnerParty.objects.filter(
            role=one.role, country_code__iexact=one.country_code, party_id__iexact=one.party_id
        )
        ours = Party.objects.filter(
            role=one.role, country_code=one.country_code, party_id=one.party_id
        )
        if held.exclude(partner=partner).exists() or ours.exists():
            raise invalid(_("roles: %(party)s belongs to another platform") % {"party": name})
