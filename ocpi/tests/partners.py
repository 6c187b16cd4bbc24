"""Partners in every state, without the handshake that has tests of its own."""

from __future__ import annotations

import itertools

from ocpi.models import (
    InboundTokenKind,
    Partner,
    PartnerEndpoint,
    PartnerParty,
    PartnerStatus,
    Party,
)
from ocpi.services.partners.inviting import issue_token
from unievp.lib import clock

_numbers = itertools.count(1)


def connect_partner(peer, *, cpo=None, party=("NL", "TNM"), path="", **values):
    partner = Partner.objects.create(
        name=f"Mobility {next(_numbers)}",
        cpo=cpo,
        status=PartnerStatus.REGISTERED,
        versions_url=peer.versions_url,
        version="2.2.1",
        token="token-of-the-peer",
        registered_at=clock.now(),
        **values,
    )
    PartnerParty.objects.create(
        partner=partner, role="EMSP", country_code=party[0], party_id=party[1], name="Mobility"
    )
    for identifier, side in peer.modules:
        PartnerEndpoint.objects.create(
            partner=partner,
            identifier=identifier,
            role=side,
            url=f"{peer.url}/2.2.1{path}/{identifier}",
        )
    partner.access_token = issue_token(partner, InboundTokenKind.ACCESS)
    return partner


def make_party(cpo, **values):
    number = next(_numbers)
    return Party.objects.create(
        cpo=cpo,
        country_code="ID",
        party_id=values.pop("party_id", f"{number:03d}"[-3:]),
        name=cpo.name,
        **values,
    )
