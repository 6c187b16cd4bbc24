"""The platform as mobility provider: its party, its drivers, and partners with chargers."""

from __future__ import annotations

import itertools

from chargers.models import IdToken
from cpo.models import Driver
from ocpi.models import InboundTokenKind, Partner, PartnerEndpoint, PartnerParty, Party
from ocpi.services.drivers.contracts import open_contract
from ocpi.services.drivers.publishing import refresh_contract
from ocpi.services.partners.inviting import issue_token
from unievp.lib import clock

_numbers = itertools.count(1)
OPERATOR_MODULES = [
    ("credentials", "RECEIVER"),
    ("locations", "SENDER"),
    ("tariffs", "SENDER"),
    ("sessions", "SENDER"),
    ("cdrs", "SENDER"),
    ("tokens", "RECEIVER"),
    ("commands", "RECEIVER"),
]


def make_emsp_party(**values):
    return Party.objects.create(
        **{"role": "EMSP", "country_code": "ID", "party_id": "UNV", "name": "UNIEV", **values}
    )


def connect_operator(peer, *, party=("DE", "CPO"), roles=("CPO",), path="", **values):
    """A partner with chargers, connected; `access_token` is what it calls us with."""
    partner = Partner.objects.create(
        name=f"Operator {next(_numbers)}",
        status="registered",
        versions_url=peer.versions_url,
        version="2.2.1",
        token="token-of-the-operator",
        registered_at=clock.now(),
        **values,
    )
    for role in roles:
        PartnerParty.objects.create(
            partner=partner, role=role, country_code=party[0], party_id=party[1], name="Operator"
        )
    for identifier, side in OPERATOR_MODULES:
        url = f"{peer.url}/2.2.1{path}/{identifier}"
        PartnerEndpoint.objects.create(partner=partner, identifier=identifier, role=side, url=url)
    partner.access_token = issue_token(partner, InboundTokenKind.ACCESS)
    return partner


def make_driver(**values):
    return Driver.objects.create(**{"name": f"Driver {next(_numbers)}", "language": "id", **values})


def let_roam(driver=None, *, card="", **values):
    """The contract of a driver who may roam; with a card of the platform if it has a number."""
    driver = driver or make_driver()
    contract = open_contract(driver, actor="test", **values)
    if card:
        IdToken.objects.create(token=card, driver=driver)
        refresh_contract(contract)
    return contract
