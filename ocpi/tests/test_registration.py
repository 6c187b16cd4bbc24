"""The credentials handshake in both directions (reference §4)."""

from __future__ import annotations

import pytest

from cpo.tests.factories import make_cpo
from ocpi.models import Exchange, InboundToken, InboundTokenKind, Partner, PartnerStatus, Party
from ocpi.services.partners.connecting import GRACE
from ocpi.services.partners.inviting import invite_again, invite_partner
from ocpi.services.partners.registering import (
    disconnect,
    register_with,
    renew_credentials,
    resume,
    suspend,
)
from ocpi.tests.calling import Caller, code, data, envelope
from ocpi.tests.partners import connect_partner
from ocpi.tests.peer import role, success
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("our_party")]


@pytest.fixture
def invited(peer):
    cpo = make_cpo(name="Nusantara")
    partner, token = invite_partner(name="Roamer", cpo=cpo, actor="test")
    return partner, Caller(token)


def test_partner_registers_and_calls_with_its_new_token(invited, peer):
    partner, caller = invited
    ours = data(caller.post("credentials", peer.credentials()))
    assert ours["url"] == "https://uniev.example/ocpi/versions"
    assert [(r["role"], r["country_code"], r["party_id"]) for r in ours["roles"]] == [
        ("CPO", "ID", "NUS")
    ]
    # We called back with their token before we answered.
    assert [one.path for one in peer.calls("GET")] == ["/versions", "/2.2.1"]
    assert {one.token for one in peer.calls("GET")} == {"token-b-of-the-peer"}
    partner.refresh_from_db()
    assert (partner.status, partner.version) == (PartnerStatus.REGISTERED, "2.2.1")
    assert partner.endpoints.count() == 7
    assert str(partner.parties.get()) == "NL-TNM (EMSP)"
    # A is dead, C is good.
    assert caller.get("/ocpi/versions").status_code == 401
    assert data(Caller(ours["token"]).get("credentials"))["token"] == ours["token"]


def test_callback_that_fails_is_3001_and_changes_nothing(invited, peer):
    partner, caller = invited
    for answer in ((500, {"status_code": 3000}), (200, b"<html>the address book of somebody else")):
        peer.answers["/versions"] = answer
        refusal = caller.post("credentials", peer.credentials())
        assert code(refusal) == (200, 3001)
        # Who names an address learns nothing of what stands there.
        assert b"address book" not in refusal.content
    partner.refresh_from_db()
    assert partner.status == PartnerStatus.INVITED
    assert caller.get("/ocpi/versions").status_code == 200


def test_no_common_version_is_3002(invited, peer):
    peer.versions = ["2.1.1", "3.0"]
    assert code(invited[1].post("credentials", peer.credentials())) == (200, 3002)


def test_no_credentials_module_is_3003(invited, peer):
    peer.modules = [("locations", "RECEIVER")]
    assert code(invited[1].post("credentials", peer.credentials())) == (200, 3003)


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/versions", "https://169.254.169.254/latest", "https://metadata.internal/v"],
)
def test_private_addresses_are_never_called(invited, peer, url):
    body = {**peer.credentials(), "url": url}
    assert code(invited[1].post("credentials", body)) == (200, 3001)


def test_endpoint_at_a_private_address_is_refused(invited, peer):
    endpoints = [{"identifier": "credentials", "role": "SENDER", "url": "https://10.0.0.9/c"}]
    peer.answers["/2.2.1"] = (200, success({"version": "2.2.1", "endpoints": endpoints}))
    assert code(invited[1].post("credentials", peer.credentials())) == (200, 3003)


def test_second_post_and_put_before_registration_are_405(invited, peer):
    _partner, caller = invited
    assert code(caller.put("credentials", peer.credentials())) == (405, 2000)
    assert code(caller.send("DELETE", "credentials")) == (405, 2000)
    again = Caller(data(caller.post("credentials", peer.credentials()))["token"])
    assert code(again.post("credentials", peer.credentials())) == (405, 2000)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"roles": []}, "roles"),
        ({"roles": [role("EMSP", "NL", "TNM")] * 2}, "roles"),
        ({"token": "a b"}, "token"),
        ({"token": "x" * 65}, "token"),
        ({"url": "ftp://x"}, "url"),
        ({"roles": [{**role("EMSP", "NL", "TNM"), "business_details": {}}]}, "roles[0]"),
    ],
)
def test_wrong_credentials_name_the_field(invited, peer, change, field):
    response = invited[1].post("credentials", {**peer.credentials(), **change})
    assert code(response) == (200, 2001)
    assert envelope(response)["status_message"].startswith(field)
    assert not peer.requests


def test_party_of_another_platform_cannot_be_taken(invited, peer):
    connect_partner(peer, party=("nl", "tnm"))
    response = invited[1].post("credentials", peer.credentials())
    assert code(response) == (200, 2001)
    assert "NL-TNM" in envelope(response)["status_message"]


def test_party_of_ours_cannot_be_taken(invited, peer):
    peer.roles = [role("CPO", "ID", "NUS")]
    assert code(invited[1].post("credentials", peer.credentials())) == (200, 2001)


def test_put_renews_both_tokens_and_the_old_one_has_its_grace(call, partner, peer):
    ours = data(call.put("credentials", peer.credentials("another-token-b")))
    assert ours["token"] != partner.access_token
    partner.refresh_from_db()
    assert partner.token == "another-token-b"
    assert call.get("/ocpi/versions").status_code == 200
    InboundToken.objects.filter(expires_at__isnull=False).update(expires_at="2020-01-01T00:00Z")
    assert call.get("/ocpi/versions").status_code == 401
    assert Caller(ours["token"]).get("/ocpi/versions").status_code == 200


def test_delete_ends_it_and_an_invitation_begins_it_again(call, partner, peer):
    assert code(call.send("DELETE", "credentials")) == (200, 1000)
    assert call.get("/ocpi/versions").status_code == 401
    partner.refresh_from_db()
    assert (partner.status, partner.token) == (PartnerStatus.DISCONNECTED, "")
    assert not partner.parties.exists()
    caller = Caller(invite_again(partner, actor="test"))
    data(caller.post("credentials", peer.credentials()))
    partner.refresh_from_db()
    assert partner.status == PartnerStatus.REGISTERED


def test_we_register_with_them(invited, peer):
    partner, _caller = invited
    register_with(partner, versions_url=peer.versions_url, token="their-a", actor="test")
    partner.refresh_from_db()
    assert (partner.status, partner.token) == (PartnerStatus.REGISTERED, peer.token)
    (post,) = peer.calls("POST")
    assert post.token == "their-a"
    assert post.body["url"] == "https://uniev.example/ocpi/versions"
    assert Caller(post.body["token"]).get("/ocpi/versions").status_code == 200
    assert InboundToken.objects.get().kind == InboundTokenKind.ACCESS
    assert peer.token not in "".join(Exchange.objects.values_list("response", flat=True))
    with pytest.raises(ConflictError):
        register_with(partner, versions_url=peer.versions_url, token="their-a", actor="test")


def test_our_token_is_good_while_they_answer_our_post(invited, peer, monkeypatch):
    partner, _caller = invited
    known = []

    def answer(request):
        known.append(request.body["token"])
        return 200, success(peer.credentials(peer.token))

    peer.answers["POST /2.2.1/credentials"] = answer
    from ocpi.services.partners import registering

    real = registering.call

    def call_and_look(using, request):
        if request.method == "POST":
            token = request.body["token"]
            assert Caller(token).get("/ocpi/versions").status_code == 200
            assert Caller(token).get("locations").status_code == 401
        return real(using, request)

    monkeypatch.setattr(registering, "call", call_and_look)
    register_with(partner, versions_url=peer.versions_url, token="their-a", actor="test")
    assert len(known) == 1


@pytest.mark.parametrize(
    "answers",
    [
        {"POST /2.2.1/credentials": (200, {"status_code": 2001, "timestamp": "x"})},
        {"POST /2.2.1/credentials": (500, b"boom")},
        {"POST /2.2.1/credentials": (200, success({"token": "x"}))},
        {"/versions": (200, b"<html>")},
    ],
)
def test_failed_registration_leaves_no_token_behind(invited, peer, answers):
    partner, _caller = invited
    peer.answers.update(answers)
    before = set(InboundToken.objects.values_list("pk", flat=True))
    with pytest.raises(RefusedError):
        register_with(partner, versions_url=peer.versions_url, token="their-a", actor="test")
    assert set(InboundToken.objects.values_list("pk", flat=True)) == before
    partner.refresh_from_db()
    assert partner.status == PartnerStatus.INVITED


@pytest.mark.parametrize("token", ["", "a b", "ä", "x" * 65])
def test_token_that_no_header_carries_is_refused_before_anybody_is_called(invited, peer, token):
    with pytest.raises(InvalidError) as error:
        register_with(invited[0], versions_url=peer.versions_url, token=token, actor="test")
    assert error.value.field == "token"
    assert peer.requests == []


def test_we_renew_our_credentials(partner, peer):
    old = Caller(partner.access_token)
    renew_credentials(partner, actor="test")
    (put,) = peer.calls("PUT")
    assert put.token == "token-of-the-peer"
    partner.refresh_from_db()
    assert partner.token == peer.token
    assert Caller(put.body["token"]).get("credentials").status_code == 200
    # Requests may be under way with the old one.
    assert old.get("/ocpi/versions").status_code == 200
    InboundToken.objects.filter(expires_at__lte=clock.now() + GRACE).update(expires_at=clock.now())
    assert old.get("/ocpi/versions").status_code == 401


@pytest.mark.parametrize(
    ("answer", "survives"), [((503, b""), True), ((200, {"status_code": 2001}), False)]
)
def test_renewal_whose_answer_is_lost_locks_nobody_out(partner, call, peer, answer, survives):
    """The partner may know our new token only, or the old one only."""
    peer.answers["PUT"] = answer
    with pytest.raises(RefusedError):
        renew_credentials(partner, actor="test")
    (put,) = peer.calls("PUT")
    assert call.get("locations").status_code == 200
    known = Caller(put.body["token"]).get("locations").status_code == 200
    assert known is survives


def test_renewal_holds_although_their_versions_break_in_the_middle(partner, peer):
    def answer(_request):
        peer.answers["/versions"] = (500, b"")
        return 200, success(peer.credentials(peer.token))

    peer.answers["PUT"] = answer
    renew_credentials(partner, actor="test")
    partner.refresh_from_db()
    # Their old one is dead: whoever forgot the new one could never call again.
    assert partner.token == peer.token
    assert partner.endpoints.exists()


def test_platform_without_a_company_registers_with_nobody(partner, call, peer):
    Party.objects.all().delete()
    with pytest.raises(RefusedError, match="no company here"):
        renew_credentials(partner, actor="test")
    assert peer.calls("PUT") == []
    assert InboundToken.objects.count() == 1
    assert code(call.get("credentials")) == (200, 3000)


def test_two_that_claim_one_party_at_once_are_told_so(invited, peer, monkeypatch):
    partner, caller = invited
    connect_partner(peer)
    monkeypatch.setattr("ocpi.services.partners.connecting._check_parties", lambda *_args: None)
    response = caller.post("credentials", peer.credentials())
    assert code(response) == (200, 2001)
    partner.refresh_from_db()
    assert (partner.status, partner.token) == (PartnerStatus.INVITED, "")


def test_we_disconnect_even_from_a_partner_that_is_down(partner, peer):
    peer.answers["DELETE"] = (503, b"")
    disconnect(partner, actor="test")
    assert len(peer.calls("DELETE", "/2.2.1/credentials")) == 1
    assert Partner.objects.get(pk=partner.pk).status == PartnerStatus.DISCONNECTED


def test_paused_partner_is_refused_and_cannot_resume_itself(partner, call, peer):
    suspend(partner, actor="test")
    assert code(call.get("locations")) == (403, 2000)
    data(call.put("credentials", peer.credentials()))
    partner.refresh_from_db()
    assert partner.status == PartnerStatus.SUSPENDED
    resume(partner, actor="test")
    with pytest.raises(ConflictError):
        resume(partner, actor="test")


def test_partner_is_never_called_inside_a_transaction(partner):
    from django.db import transaction

    from ocpi.services.partners.registering import probe

    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        probe(partner)


def test_probe_tells_what_is_wrong(partner, peer):
    from ocpi.services.partners.registering import probe

    assert probe(partner) == ""
    peer.answers["/versions"] = (401, {"status_code": 2000, "status_message": "who?"})
    assert probe(partner) == "HTTP 401, OCPI 2000 who?"
    partner.refresh_from_db()
    assert partner.last_error == "versions: HTTP 401, OCPI 2000 who?"
