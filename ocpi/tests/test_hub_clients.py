"""Parties behind a hub: told, listed, and nothing is sent to those that it does not reach."""

from __future__ import annotations

import pytest

from ocpi.models import HubClient, PartnerEndpoint, PartnerParty, Push
from ocpi.services.hubs import is_away, pull_clients
from ocpi.services.pushing.sending import push_due
from ocpi.services.selling.sessions import begin_roaming
from ocpi.tests.calling import code, data
from ocpi.tests.driving import begin, push_token
from ocpi.tests.field import make_site

pytestmark = pytest.mark.django_db

INFO = {
    "country_code": "NL",
    "party_id": "TNM",
    "role": "EMSP",
    "status": "CONNECTED",
    "last_updated": "2026-02-01T10:00:00Z",
}


@pytest.fixture
def hub(partner):
    PartnerParty.objects.create(
        partner=partner, role="HUB", country_code="DE", party_id="HUB", name="Hub"
    )
    return partner


@pytest.fixture
def tell(call, hub):
    return lambda **values: call.put("hubclientinfo/NL/TNM", {**INFO, **values})


def test_a_hub_tells_who_is_behind_it_and_reads_it_back(call, tell):
    assert tell().status_code == 201
    assert tell(status="OFFLINE", last_updated="2026-02-01T11:00:00Z").status_code == 200
    assert data(call.get("hubclientinfo/nl/tnm")) == {
        **INFO,
        "status": "OFFLINE",
        "last_updated": "2026-02-01T11:00:00Z",
    }
    tell()
    assert HubClient.objects.get().status == "OFFLINE"


def test_its_answers_carry_no_routing_headers(call, tell):
    heads = {"OCPI-from-party-id": "HUB", "OCPI-from-country-code": "DE"}
    answer = call.send("PUT", "hubclientinfo/NL/TNM", INFO, headers=heads)
    assert "OCPI-to-party-id" not in answer.headers


@pytest.mark.parametrize(
    ("values", "field"),
    [({"status": "GONE"}, "status"), ({"role": "X"}, "role"), ({"party_id": "ABC"}, "party_id")],
)
def test_what_is_wrong_is_named(tell, values, field):
    answer = tell(**values)
    assert code(answer) == (200, 2001)
    assert field in answer.json()["status_message"]
    assert not HubClient.objects.exists()


def test_nobody_but_a_hub_tells(call, partner):
    assert code(call.put("hubclientinfo/NL/TNM", INFO)) == (200, 2000)
    assert "hubclientinfo" not in str(data(call.get("/ocpi/cpo/2.2.1")))


def test_its_details_name_the_module(call, hub):
    assert "hubclientinfo" in str(data(call.get("/ocpi/cpo/2.2.1")))
    assert call.get("hubclientinfo/XX/YYY").status_code == 404


def test_the_list_of_a_hub_is_read_and_faults_are_left_out(hub, peer):
    PartnerEndpoint.objects.create(
        partner=hub, identifier="clientinfo", role="SENDER", url=f"{peer.url}/2.2.1/clientinfo"
    )
    other = {**INFO, "party_id": "ABC", "status": "SUSPENDED"}
    answer = {"status_code": 1000, "timestamp": "2026-02-01T10:00:00Z"}
    peer.answers["GET /2.2.1/clientinfo"] = (200, {**answer, "data": [INFO, {"x": 1}, other]})
    assert pull_clients() == 2
    assert is_away(hub.pk, "NL", "ABC")
    assert not is_away(hub.pk, "NL", "TNM")
    assert not is_away(hub.pk, "NL", "ZZZ")


def test_nothing_is_sent_to_whom_the_hub_does_not_reach(call, tell, hub, peer):
    site = make_site()
    push_token(call, "CARD1")
    tell(status="OFFLINE")
    row = begin_roaming(begin(site, "CARD1").pk)
    push_due()
    assert not peer.calls("PUT", "/2.2.1/sessions")
    tell(last_updated="2026-02-01T12:00:00Z")
    Push.objects.filter(object_id=row.ocpi_id).update(status="waiting")
    push_due()
    assert len(peer.calls("PUT", "/2.2.1/sessions")) == 1
