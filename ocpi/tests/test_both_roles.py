"""One platform as operator and as provider at once, and never with itself."""

from __future__ import annotations

import pytest

from ocpi.models import Partner, PartnerParty, PublishedLocation, Push, RoamingToken
from ocpi.services.partners.inviting import invite_partner
from ocpi.services.partners.registering import register_with
from ocpi.services.pushing.sending import push_due
from ocpi.services.pushing.sweeping import push_everything
from ocpi.tests.calling import Caller, code, data
from ocpi.tests.driving import token_body
from ocpi.tests.emsp import connect_operator, let_roam, make_emsp_party
from ocpi.tests.field import make_site
from ocpi.tests.peer import role
from unievp.lib.errors import InvalidError, RefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(peer):
    """Ours and theirs are operator and provider each."""
    make_site()
    make_emsp_party()
    peer.modules += [("tokens", "RECEIVER")]
    peer.roles = [role("EMSP", "DE", "BTH"), role("CPO", "DE", "BTH")]
    partner, token = invite_partner(name="Both", actor="test")
    ours = data(Caller(token).post("credentials", peer.credentials()))
    partner.caller = Caller(ours["token"])
    partner.told = ours
    return partner


def test_credentials_tell_every_role_of_ours_and_keep_every_one_of_theirs(both):
    ours = [(one["role"], one["party_id"]) for one in both.told["roles"]]
    assert sorted(name for name, _party in ours) == ["CPO", "EMSP"]
    assert ("EMSP", "UNV") in ours
    assert sorted(map(str, PartnerParty.objects.filter(partner=both))) == [
        "DE-BTH (CPO)",
        "DE-BTH (EMSP)",
    ]


def test_each_role_has_addresses_of_its_own(both):
    let_roam()
    endpoints = data(both.caller.get("/ocpi/cpo/2.2.1"))["endpoints"]
    urls = {(one["identifier"], one["role"]): one["url"] for one in endpoints}
    assert len(urls) == len(endpoints)
    assert "/ocpi/cpo/" in urls["tokens", "RECEIVER"]
    assert "/ocpi/emsp/" in urls["tokens", "SENDER"]
    assert len(data(both.caller.get("/ocpi/emsp/2.2.1/tokens"))) == 1
    body = token_body("THEIRS", country_code="DE", party_id="BTH")
    assert both.caller.put("tokens/DE/BTH/THEIRS", body, type="RFID").status_code == 201


def test_pushes_of_both_roles_go_to_the_party_in_the_other_role(peer):
    make_site()
    make_emsp_party()
    partner = connect_operator(peer, party=("DE", "OPR"))
    PartnerParty.objects.create(
        partner=partner, role="EMSP", country_code="DE", party_id="PRV", name="Provider"
    )
    partner.endpoints.create(
        identifier="locations", role="RECEIVER", url=f"{peer.url}/2.2.1/in/locations"
    )
    let_roam()
    push_everything(partner, actor="test")
    push_due()
    to = {one.path.split("/")[-4]: one.headers["ocpi-to-party-id"] for one in peer.calls("PUT")}
    assert to == {"tokens": "OPR", "locations": "PRV"}


def test_nobody_registers_with_themselves(peer):
    partner, token = invite_partner(name="Mirror", actor="test")
    for url in ("https://uniev.example/ocpi/versions", "https://UNIEV.example:443/x"):
        with pytest.raises(InvalidError) as caught:
            register_with(partner, versions_url=url, token=token, actor="test")
        assert caught.value.field == "versions_url"
        body = {**peer.credentials(), "url": url}
        assert code(Caller(token).post("credentials", body)) == (200, 2001)
    assert not peer.requests


def test_platform_that_says_to_be_us_is_refused(peer):
    make_emsp_party()
    peer.roles = [role("EMSP", "id", "unv")]
    partner = Partner.objects.create(name="Impostor")
    with pytest.raises(RefusedError):
        register_with(partner, versions_url=peer.versions_url, token="a", actor="test")
    partner.refresh_from_db()
    assert partner.status == "invited"


def test_hub_that_brings_our_own_tokens_back_is_refused(peer):
    make_emsp_party()
    hub = connect_operator(peer, party=("EU", "HUB"), roles=("HUB",))
    make_site()
    body = token_body("OURS", country_code="ID", party_id="UNV")
    answer = Caller(hub.access_token).put("tokens/ID/UNV/OURS", body, type="RFID")
    assert code(answer) == (404, 2001)
    assert not RoamingToken.objects.exists()
    assert PublishedLocation.objects.exists()
    assert not Push.objects.filter(object_id="RFID/OURS").exists()
