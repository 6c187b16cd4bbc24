"""OCPI 2.3.0 beside 2.2.1 (reference §13): the differing fields alone, 2.2.1 byte for byte."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cpo.tests.factories import make_cpo
from ocpi.models import (
    ForeignCdr,
    ForeignSession,
    ForeignTariffVersion,
    Partner,
    Party,
    PublishedTariff,
)
from ocpi.objects.editions import heard, told
from ocpi.services.foreign.pulling import pull_partner
from ocpi.services.partners.inviting import invite_partner
from ocpi.services.partners.registering import register_with, renew_credentials
from ocpi.services.publishing.locations import refresh_location
from ocpi.services.pushing.sending import push_due
from ocpi.services.selling.cdrs import issue_cdr, issue_credit
from ocpi.services.selling.sessions import begin_roaming
from ocpi.tests.abroad import (
    LATER,
    cdr_body,
    connector_body,
    evse_body,
    location_body,
    session_body,
    tariff_body,
)
from ocpi.tests.calling import Caller, code, data, dump
from ocpi.tests.driving import charge, push_token, sell, token_body
from ocpi.tests.emsp import connect_operator, let_roam, make_emsp_party
from ocpi.tests.field import make_site
from ocpi.tests.peer import role, success
from ocpi.wire import json
from payments.services.billing import bill_session

NEWER = "/ocpi/cpo/2.3.0"
FOREIGN = "/ocpi/emsp/2.3.0"
PRICE = {"excl_vat": Decimal(1701), "incl_vat": Decimal(1800)}


def turned(module, body, version="2.3.0"):
    return json.loads(json.dumps(told(module, json.dumps(body).decode(), version)))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (PRICE, {"before_taxes": 1701, "taxes": [{"name": "VAT", "amount": 99}]}),
        ({"excl_vat": 5, "incl_vat": 5}, {"before_taxes": 5, "taxes": []}),
        ({"excl_vat": Decimal("5.25")}, {"before_taxes": Decimal("5.25")}),
        (
            {"excl_vat": -1701, "incl_vat": -1800},
            {"before_taxes": -1701, "taxes": [{"name": "VAT", "amount": -99}]},
        ),
    ],
)
def test_price_names_its_taxes_and_comes_back_as_it_was(older, newer):
    body = {"id": "S1", "total_cost": older}
    assert turned("sessions", body) == {"id": "S1", "total_cost": newer}
    assert heard("sessions", turned("sessions", body), "2.3.0") == body
    assert turned("sessions", body, "2.2.1") == body


@pytest.mark.parametrize(("vat", "included"), [(Decimal(11), "NO"), (None, "N/A")])
def test_tariff_says_whether_its_prices_hold_the_tax(vat, included):
    part = {"type": "ENERGY", "price": 2000, "step_size": 1}
    part |= {} if vat is None else {"vat": vat}
    body = {
        "min_price": {"excl_vat": 10, "incl_vat": 11},
        "elements": [{"price_components": [part]}],
    }
    found = turned("tariffs", body)
    assert found["tax_included"] == included
    assert found["min_price"] == {"before_taxes": 10, "after_taxes": 11}
    assert found["elements"] == body["elements"]
    assert heard("tariffs", found, "2.3.0") == body


def test_prices_that_hold_their_tax_become_net():
    parts = [{"type": "FLAT", "price": 1110, "vat": 11}, {"type": "TIME", "price": 600}]
    body = {"tax_included": "YES", "elements": [{"price_components": parts}]}
    found = heard("tariffs", body, "2.3.0")
    assert found == {
        "elements": [{"price_components": [{**parts[0], "price": Decimal(1000)}, parts[1]]}]
    }


@pytest.mark.parametrize(
    "body",
    [
        7,
        [],
        {"total_cost": 7},
        {"total_cost": {"before_taxes": "x", "taxes": 7}},
        {"total_cost": {"before_taxes": 1, "taxes": [7, {"amount": "x"}]}},
        {"tariffs": 7},
        {"tariffs": [7, {"tax_included": "YES", "elements": [7, {"price_components": [7]}]}]},
    ],
)
def test_nonsense_is_left_to_whoever_reads_it(body):
    heard("cdrs", body, "2.3.0")
    heard("tariffs", body, "2.3.0")


@pytest.mark.django_db
def test_registration_agrees_on_the_newest_that_both_speak(peer):
    make_cpo()
    peer.versions = ["2.2.1", "2.3.0"]
    partner, _token = invite_partner(name="Roamer", actor="test")
    register_with(partner, versions_url=peer.versions_url, token="their-a", actor="test")
    partner.refresh_from_db()
    assert partner.version == "2.3.0"
    assert [one.path for one in peer.calls("POST")] == ["/2.3.0/credentials"]
    assert all("/2.3.0/" in url for url in partner.endpoints.values_list("url", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_who_registers_speaks_the_version_of_the_address_it_calls(peer, version):
    make_cpo()
    peer.versions = ["2.2.1", "2.3.0"]
    partner, token = invite_partner(name="Roamer", actor="test")
    data(Caller(token).post(f"/ocpi/cpo/{version}/credentials", peer.credentials()))
    partner.refresh_from_db()
    assert partner.version == version


@pytest.mark.django_db
def test_version_that_only_we_speak_is_3002(peer):
    make_cpo()
    _partner, token = invite_partner(name="Roamer", actor="test")
    response = Caller(token).post(f"{NEWER}/credentials", peer.credentials())
    assert code(response) == (200, 3002)


@pytest.mark.django_db
def test_hub_of_the_newer_version_names_its_party_apart(peer):
    make_cpo()
    peer.versions, peer.roles = ["2.3.0"], [role("EMSP", "NL", "TNM")]
    partner, token = invite_partner(name="Hub", actor="test")
    caller = Caller(token)
    wrong = {**peer.credentials(), "hub_party_id": "NLX"}
    assert code(caller.post(f"{NEWER}/credentials", wrong)) == (200, 2001)
    data(caller.post(f"{NEWER}/credentials", {**peer.credentials(), "hub_party_id": "NLHUB"}))
    assert {str(one) for one in partner.parties.all()} == {"NL-HUB (HUB)", "NL-TNM (EMSP)"}


@pytest.mark.django_db
def test_platform_that_is_a_hub_names_itself_apart_in_the_newer_version(call):
    make_cpo()
    Party.objects.create(role="HUB", country_code="ID", party_id="HUB", name="Hub")
    make_emsp_party()
    older, newer = (data(call.get(f"/ocpi/cpo/{one}/credentials")) for one in ("2.2.1", "2.3.0"))
    assert ("HUB" in {one["role"] for one in older["roles"]}, "hub_party_id" in older) == (
        True,
        False,
    )
    assert newer["hub_party_id"] == "IDHUB"
    assert {one["role"] for one in newer["roles"]} == {"EMSP"}


@pytest.mark.django_db
def test_same_rows_are_told_in_the_version_of_the_address(call, partner, peer):
    site = make_site()
    sell(site)
    refresh_location(site.location_id)
    session = charge(site, push_token(call)["uid"])
    begin_roaming(session.pk)
    row = issue_cdr(bill_session(session.pk).pk)
    prices = PublishedTariff.objects.order_by("pk").values_list("body", flat=True)
    older = call.get("/ocpi/cpo/2.2.1/cdrs")
    # Byte for byte what is stored.
    assert f'{{"data":[{row.body}],"status_code":1000'.encode() in older.content
    tariffs = call.get("/ocpi/cpo/2.2.1/tariffs")
    assert f'{{"data":[{",".join(prices)}],"status_code":1000'.encode() in tariffs.content
    (newer,) = data(call.get(f"{NEWER}/cdrs"))
    assert newer["total_cost"] == {
        "before_taxes": 1701,
        "taxes": [{"name": "VAT", "amount": 99}],
    }
    assert newer["tariffs"][0]["tax_included"] == "NO"
    assert heard("cdrs", newer, "2.3.0") == json.loads(row.body)
    (run,) = data(call.get(f"{NEWER}/sessions", date_from="2020-01-01T00:00:00Z"))
    assert run["total_cost"]["before_taxes"] == 1701
    assert {one["tax_included"] for one in data(call.get(f"{NEWER}/tariffs"))} <= {"NO", "N/A"}
    location = "/locations"
    assert data(call.get(f"{NEWER}{location}")) == data(call.get(f"/ocpi/cpo/2.2.1{location}"))
    Partner.objects.update(version="2.3.0")
    issue_credit(row, actor="test", reason="A wrong price")
    push_due()
    pushed = [one.body for one in peer.calls("POST") if one.path.endswith("/cdrs")]
    assert [one["total_cost"]["before_taxes"] for one in pushed] == [1701, -1701]
    sent = [one.body for one in peer.calls("PUT") if "/tariffs/" in one.path]
    assert len(sent) == len(prices)
    assert all(one["tax_included"] in ("NO", "N/A") for one in sent)


@pytest.mark.django_db
def test_token_of_a_type_that_the_older_version_lacks_charges(call, partner, peer):
    """EMAID, and whatever comes: a list that is open since 2.3.0, and OTHER before."""
    site = make_site()
    sell(site)
    body = token_body("DE8ACC12E46L89", type="EMAID")
    address = "/tokens/NL/TNM/DE8ACC12E46L89"
    older = f"/ocpi/cpo/2.2.1{address}"
    assert code(call.put(older, body, type="EMAID")) == (200, 2001)
    assert call.put(f"{NEWER}{address}", body, type="EMAID").status_code == 201
    assert data(call.get(f"{NEWER}{address}", type="EMAID")) == body
    start = {
        "response_url": f"{peer.url}/results/1",
        "token": body,
        "location_id": f"L{site.location_id}",
    }
    assert code(call.post("commands/START_SESSION", start)) == (200, 2001)
    assert data(call.post(f"{NEWER}/commands/START_SESSION", start))["result"] == "ACCEPTED"
    begun = begin_roaming(charge(site, body["uid"]).pk)
    issue_cdr(bill_session(begun.session_id).pk)
    since = {"date_from": "2020-01-01T00:00:00Z"}
    for module in ("sessions", "cdrs"):
        (new,) = data(call.get(f"{NEWER}/{module}", **since))
        (old,) = data(call.get(module, **since))
        assert (new["cdr_token"]["type"], old["cdr_token"]["type"]) == ("EMAID", "OTHER")
    Partner.objects.update(version="2.3.0")
    push_due()
    sent = [one.body for one in peer.calls() if "cdr_token" in (one.body or {})]
    assert [one["cdr_token"]["type"] for one in sent] == ["EMAID", "EMAID"]


@pytest.mark.django_db
def test_what_an_operator_of_the_newer_version_tells_is_understood(peer):
    make_emsp_party()
    operator = connect_operator(peer)
    contract = let_roam()
    tell = Caller(operator.access_token)
    older = session_body(contract, total_cost={"excl_vat": 10, "incl_vat": 11})
    taxed = {"before_taxes": 10, "taxes": [{"name": "VAT", "amount": 1}]}
    newer = {**older, "total_cost": taxed}
    assert tell.put(f"{FOREIGN}/sessions/DE/CPO/S1", newer).status_code == 201
    row = ForeignSession.objects.get()
    assert (row.total_excl, row.total_incl) == (10, 11)
    assert data(tell.get(f"{FOREIGN}/sessions/DE/CPO/S1"))["total_cost"] == taxed
    assert data(tell.get("/ocpi/emsp/2.2.1/sessions/DE/CPO/S1"))["total_cost"] == {
        "excl_vat": 10,
        "incl_vat": 11,
    }
    nothing = {**newer, "total_cost": {"before_taxes": 10, "taxes": [{"name": "VAT"}]}}
    assert code(tell.put(f"{FOREIGN}/sessions/DE/CPO/S1", nothing)) == (200, 2001)


@pytest.mark.django_db
def test_what_is_new_in_the_newer_version_is_kept_and_breaks_nothing(peer):
    """Fields and values of enums that came since (§13), and the same verbs as before."""
    make_emsp_party()
    operator = connect_operator(peer)
    Partner.objects.filter(pk=operator.pk).update(version="2.3.0")
    contract = let_roam()
    tell = Caller(operator.access_token)
    plug = connector_body(standard="MCS", capabilities=["ISO_15118_20_PLUG_AND_CHARGE"])
    place = location_body(
        evses=[evse_body(connectors=[plug], accepted_service_providers=["UNIEV"])],
        help_phone="+62 21 5550199",
        parking_places=[{"id": "P1", "vehicle_types": ["TRUCK"]}],
    )
    at = f"{FOREIGN}/locations/DE/CPO/LOC1"
    assert tell.put(at, place).status_code == 201
    status = {"status": "CHARGING", "last_updated": LATER}
    assert code(tell.patch(f"{at}/E1", status)) == (200, 1000)
    assert data(tell.get(at)) == {
        **place,
        "evses": [{**place["evses"][0], **status}],
        "last_updated": LATER,
    }
    session = f"{FOREIGN}/sessions/DE/CPO/S1"
    body = turned("sessions", session_body(contract))
    body["cdr_token"]["type"] = "EMAID"
    assert tell.put(session, body).status_code == 201
    cost = {"before_taxes": 20, "taxes": [{"name": "VAT", "percentage": 10, "amount": 2}]}
    assert code(tell.patch(session, {"total_cost": cost, "last_updated": LATER})) == (200, 1000)
    row = ForeignSession.objects.get()
    # Found by its contract, whatever the kind of its token is called.
    assert (row.total_excl, row.total_incl, row.own_token.contract) == (20, 22, contract)
    ask = f"{FOREIGN}/tokens/{row.own_token.uid}/authorize"
    said = data(tell.send("POST", ask, {"location_id": "LOC1"}, type="APP_USER"))
    assert said["allowed"] == "ALLOWED"
    assert code(tell.send("POST", ask, None, type="EMAID")) == (404, 2004)


@pytest.mark.django_db
def test_lists_of_an_operator_of_the_newer_version_are_understood(peer):
    make_emsp_party()
    operator = connect_operator(peer)
    Partner.objects.filter(pk=operator.pk).update(version="2.3.0")
    operator.refresh_from_db()
    contract = let_roam()
    cdr, price = (json.loads(dump(one)) for one in (cdr_body(contract), tariff_body()))
    newer = {"tariffs": turned("tariffs", price), "cdrs": turned("cdrs", cdr)}
    assert "excl_vat" not in str(newer)

    def answer(request):
        module = request.path.rpartition("/")[2].partition("?")[0]
        return 200, json.dumps(success([newer[module]] if module in newer else []))

    peer.answers["GET"] = answer
    pull_partner(operator)
    stored = json.loads(ForeignCdr.objects.get().body)
    assert stored["total_cost"] == cdr["total_cost"]
    assert json.loads(ForeignTariffVersion.objects.get().body) == price


@pytest.mark.django_db
def test_new_tokens_change_no_version(peer):
    make_cpo()
    peer.versions = ["2.2.1"]
    partner, _token = invite_partner(name="Roamer", actor="test")
    register_with(partner, versions_url=peer.versions_url, token="their-a", actor="test")
    peer.versions = ["2.2.1", "2.3.0"]
    partner.refresh_from_db()
    renew_credentials(partner, actor="test")
    partner.refresh_from_db()
    assert partner.version == "2.2.1"
