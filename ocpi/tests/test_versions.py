"""Versions, the envelope, and who may call (reference §2, §3, §14)."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.test import Client

from cpo.tests.factories import make_cpo
from ocpi.models import Exchange, InboundToken, InboundTokenKind, Partner, PartnerStatus, Party
from ocpi.services.parties import ensure_party
from ocpi.services.partners.inviting import issue_token
from ocpi.tests.calling import Caller, code, data, envelope
from ocpi.tests.emsp import make_emsp_party
from ocpi.urls import urlpatterns

pytestmark = pytest.mark.django_db
# Modules without a list: what stands under their address.
BELOW = {
    ("chargingprofiles", "RECEIVER"): "/S1?duration=0",
    ("tokens", "RECEIVER"): "/NL/TNM/1",
    ("locations", "RECEIVER"): "/NL/TNM/1",
    ("tariffs", "RECEIVER"): "/NL/TNM/1",
    ("sessions", "RECEIVER"): "/NL/TNM/1",
    ("commands", "RECEIVER"): "/START_SESSION",
    ("commands", "SENDER"): "/START_SESSION/key",
}


def pairs(call):
    details = data(call.get("/ocpi/cpo/2.2.1"))
    return {(one["identifier"], one["role"]) for one in details["endpoints"]}


def test_versions_lead_to_details_which_name_absolute_addresses(call):
    assert data(call.get("/ocpi/versions")) == [
        {"version": one, "url": f"https://uniev.example/ocpi/cpo/{one}"}
        for one in ("2.2.1", "2.3.0")
    ]
    details = data(call.get("/ocpi/cpo/2.2.1/"))
    assert details["version"] == "2.2.1"
    pairs = [(one["identifier"], one["role"]) for one in details["endpoints"]]
    assert len(set(pairs)) == len(pairs)
    assert ("credentials", "SENDER") in pairs
    assert all(one["url"].startswith("https://uniev.example/ocpi/") for one in details["endpoints"])


def test_details_name_the_modules_of_the_roles_that_the_partner_may_know(call, partner):
    assert pairs(call) == {("credentials", "SENDER")}
    ensure_party(make_cpo(), actor="test")
    as_cpo = pairs(call)
    assert {("locations", "SENDER"), ("tokens", "RECEIVER")} <= as_cpo
    assert ("tokens", "SENDER") not in as_cpo
    make_emsp_party()
    as_both = pairs(call)
    assert as_both - as_cpo >= {("tokens", "SENDER")}
    assert [r["role"] for r in data(call.get("credentials"))["roles"]] == ["CPO", "EMSP"]
    Partner.objects.update(cpo=ensure_party(make_cpo(), actor="test").cpo)
    assert pairs(call) == as_cpo


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_every_address_of_the_details_is_served(call, version):
    ensure_party(make_cpo(), actor="test")
    make_emsp_party()
    assert len(pairs(call)) >= 8
    for one in data(call.get(f"/ocpi/cpo/{version}"))["endpoints"]:
        assert f"/{version}/" in one["url"]
        path = one["url"].removeprefix("https://uniev.example")
        reply = envelope(call.get(path + BELOW.get((one["identifier"], one["role"]), "")))
        assert reply.get("status_message") != "There is nothing here", path


@pytest.mark.parametrize(
    "header", [None, "Token bm9ib2R5", "Token nobody", "Bearer x", "Basic eDp5"]
)
def test_nobody_is_401_in_the_envelope_not_403(header):
    headers = {} if header is None else {"Authorization": header}
    for path in ("/ocpi/versions", "/ocpi/cpo/2.2.1/credentials", "/ocpi/whatever"):
        response = Client().get(path, headers=headers)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Token"
        assert envelope(response)["status_code"] == 2000
    assert not Exchange.objects.exists()


def test_envelope_has_a_time_without_microseconds(call):
    said = envelope(call.get("/ocpi/versions"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["timestamp"])


def test_ids_come_back_and_are_made_where_they_are_missing(call):
    response = call.send(
        "GET", "/ocpi/versions", headers={"X-Request-ID": "r-1", "X-Correlation-ID": "c-1"}
    )
    assert response.headers["X-Request-ID"] == "r-1"
    assert response.headers["X-Correlation-ID"] == "c-1"
    response = call.get("/ocpi/versions")
    assert len(response.headers["X-Request-ID"]) == 36
    assert len(response.headers["X-Correlation-ID"]) == 36


def test_configuration_modules_carry_no_routing_headers(call):
    response = call.send(
        "GET",
        "/ocpi/versions",
        headers={"OCPI-from-party-id": "TNM", "OCPI-from-country-code": "NL"},
    )
    assert not [name for name in response.headers if name.lower().startswith("ocpi-")]


def test_raw_token_is_as_good_as_base64(partner):
    assert code(Caller(partner.access_token, raw=True).get("/ocpi/versions")) == (200, 1000)


def test_unknown_addresses_and_methods_answer_in_the_envelope(call):
    assert code(call.get("/ocpi/cpo/2.2.1/nothing/at/all")) == (404, 2000)
    assert code(call.send("DELETE", "/ocpi/versions")) == (405, 2000)
    assert code(call.send("OPTIONS", "/ocpi/versions")) == (405, 2000)


def test_no_json_is_400_and_wrong_content_200_with_2001(call):
    assert code(call.send("PUT", "credentials", b"{")) == (400, 2001)
    assert code(call.send("PUT", "credentials", {"token": "x"})) == (200, 2001)


@pytest.mark.usefixtures("our_party")
def test_registration_token_opens_versions_and_credentials_only(call, partner):
    Partner.objects.filter(pk=partner.pk).update(status=PartnerStatus.INVITED)
    caller = Caller(issue_token(partner, InboundTokenKind.REGISTRATION))
    assert code(caller.get("/ocpi/versions")) == (200, 1000)
    assert code(caller.get("credentials")) == (200, 1000)
    assert code(caller.get("anything")) == (401, 2000)


def test_command_prints_the_token_as_its_last_word(capsys, settings):
    settings.OCPI_PUBLIC_URL = "https://uniev.example"
    cpo = make_cpo(name="Nusantara Charge")
    call_command("create_ocpi_token", "--name", "Roamer", "--cpo", str(cpo.pk))
    token = capsys.readouterr().out.split()[-1]
    assert code(Caller(token).get("/ocpi/versions")) == (200, 1000)
    assert bytes(InboundToken.objects.get().digest) != token.encode()
    party = Party.objects.get()
    assert (party.cpo, party.country_code, party.party_id) == (cpo, "ID", "NUS")


def test_two_companies_of_one_name_get_two_party_ids(capsys):
    make_cpo(name="Volt One")
    make_cpo(name="Volt Two")
    call_command("create_ocpi_token", "--name", "Roamer")
    assert sorted(Party.objects.values_list("party_id", flat=True)) == ["VOA", "VOL"]


@pytest.mark.usefixtures("our_party")
def test_exchange_is_logged_without_tokens(call, partner):
    call.send("GET", "credentials")
    row = Exchange.objects.get(partner=partner)
    assert (row.direction, row.module, row.method, row.http_status) == (
        "in",
        "credentials",
        "GET",
        200,
    )
    assert partner.access_token not in row.response
    assert "••••" in row.response


def test_no_address_asks_partners_for_a_cookie():
    """The test client does not ask for one either: a real server would."""
    views = [one.callback for one in urlpatterns if str(one.pattern).startswith("ocpi")]
    assert len(views) > 20
    assert all(view.csrf_exempt for view in views)
    strict = Client(enforce_csrf_checks=True)
    for path in ("/ocpi/cpo/2.2.1/credentials", "/ocpi/emsp/2.2.1/locations/DE/CPO/L1"):
        assert strict.put(path, {}, content_type="application/json").status_code == 401
