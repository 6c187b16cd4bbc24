"""Other operators tell us their places, prices and sessions (OCPI 2.2.1 §8.2.2 to §11.2.2)."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import pytest

from cpo.access import visible
from ocpi.models import (
    ForeignLocation,
    ForeignSession,
    ForeignTariff,
    Partner,
    PartnerParty,
    Party,
)
from ocpi.tests.abroad import (
    LATER,
    connector_body,
    evse_body,
    location_body,
    period,
    session_body,
    tariff_body,
    token_body,
)
from ocpi.tests.calling import Caller, code, data, dump, envelope
from ocpi.tests.emsp import connect_operator, let_roam, make_driver, make_emsp_party
from ocpi.tests.partners import connect_partner

pytestmark = pytest.mark.django_db
ROOT = "/ocpi/emsp/2.2.1"
PLACE = f"{ROOT}/locations/DE/CPO/LOC1"
PRICE = f"{ROOT}/tariffs/DE/CPO/T1"
RUN = f"{ROOT}/sessions/DE/CPO/S1"


@pytest.fixture
def operator(peer):
    make_emsp_party()
    return connect_operator(peer)


@pytest.fixture
def tell(operator):
    return Caller(operator.access_token)


@pytest.fixture
def contract(operator):
    return let_roam()


def body_of(caller, path):
    return data(caller.get(path))


# --- Locations --------------------------------------------------------------------------------


def test_location_is_kept_as_it_came_and_read_again(tell):
    said = {**location_body(), "operator": {"name": "CPO"}, "custom": {"a": [1.5]}}
    assert tell.put(PLACE, {**said, "directions": None}).status_code == 201
    row = ForeignLocation.objects.get()
    assert (row.name, row.city, row.country, row.time_zone) == (
        "Plaza",
        "Jakarta",
        "IDN",
        "Asia/Jakarta",
    )
    assert (row.latitude, row.longitude) == (Decimal("-6.19498"), Decimal("106.8231"))
    assert row.is_offered
    # Parties and ids know no case.
    assert body_of(tell, f"{ROOT}/locations/de/cpo/loc1") == json.loads(
        dump(said), parse_float=Decimal
    )
    assert body_of(tell, f"{PLACE}/e2")["uid"] == "E2"
    assert body_of(tell, f"{PLACE}/E2/1")["standard"] == "IEC_62196_T2"


def test_status_of_an_evse_moves_the_times_around_it(tell):
    tell.put(PLACE, location_body())
    reply = tell.patch(f"{PLACE}/E1", {"status": "CHARGING", "last_updated": LATER})
    assert code(reply) == (200, 1000)
    body = body_of(tell, PLACE)
    assert [one["status"] for one in body["evses"]] == ["CHARGING", "AVAILABLE"]
    assert [one["last_updated"] for one in body["evses"]] == [LATER, "2026-02-01T09:30:00Z"]
    assert body["last_updated"] == LATER
    assert ForeignLocation.objects.get().last_updated == datetime.fromisoformat(LATER)


def test_evse_and_connector_are_added_and_replaced_whole(tell):
    tell.put(PLACE, location_body())
    fresh = evse_body("E3", status="PLANNED", last_updated=LATER)
    assert tell.put(f"{PLACE}/E3", fresh).status_code == 201
    assert tell.put(f"{PLACE}/E3", {**fresh, "floor_level": "2"}).status_code == 200
    plug = connector_body(id="2", last_updated=LATER)
    assert tell.put(f"{PLACE}/E3/2", plug).status_code == 201
    reply = tell.patch(f"{PLACE}/E3/2", {"tariff_ids": ["T9"], "last_updated": LATER})
    assert code(reply) == (200, 1000)
    evse = body_of(tell, f"{PLACE}/E3")
    assert evse["floor_level"] == "2"
    assert [(one["id"], one["tariff_ids"]) for one in evse["connectors"]] == [
        ("1", ["T1"]),
        ("2", ["T9"]),
    ]


def test_what_is_older_than_known_changes_nothing_politely(tell):
    tell.put(PLACE, location_body(last_updated=LATER))
    assert code(tell.put(PLACE, location_body(name="Old")))[1] == 1000
    tell.patch(f"{PLACE}/E1", {"status": "CHARGING", "last_updated": LATER})
    old = {"status": "BLOCKED", "last_updated": "2026-02-02T00:00:00Z"}
    assert code(tell.patch(f"{PLACE}/E1", old)) == (200, 1000)
    assert code(tell.put(f"{PLACE}/E1", evse_body("E1", status="UNKNOWN")))[1] == 1000
    body = body_of(tell, PLACE)
    assert (body["name"], body["evses"][0]["status"]) == ("Plaza", "CHARGING")


def test_unknown_places_are_404_and_2003(tell):
    tell.put(PLACE, location_body())
    nowhere = f"{ROOT}/locations/DE/CPO/NOPE"
    for path in (nowhere, f"{PLACE}/E9", f"{PLACE}/E1/9", f"{PLACE}/E9/1"):
        assert code(tell.get(path)) == (404, 2003), path
        change = {"status": "CHARGING", "last_updated": LATER}
        assert code(tell.patch(path, change)) == (404, 2003), path


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"address": None}, "address"),
        ({"last_updated": "yesterday"}, "last_updated"),
        ({"last_updated": "2026-02-01T09:30:00+07:00"}, "last_updated"),
        ({"coordinates": {"latitude": "north", "longitude": "1"}}, "coordinates.latitude"),
        ({"coordinates": {"latitude": "-96.1", "longitude": "1"}}, "coordinates.latitude"),
        ({"evses": [{"uid": "E1"}]}, "evses[0].status"),
        ({"evses": [evse_body(connectors=[])]}, "evses[0].connectors"),
        ({"evses": [evse_body(connectors=[{"id": "1"}])]}, "evses[0].connectors[0].standard"),
        ({"id": "LOC2"}, "id"),
        ({"evses": 7}, "evses"),
        ({"evses": [7]}, "evses[0]"),
        ({"evses": [[evse_body()]]}, "evses"),
    ],
)
def test_bad_location_names_its_field_and_changes_nothing(tell, change, field):
    reply = tell.put(PLACE, {**location_body(), **change})
    assert code(reply) == (200, 2001)
    assert envelope(reply)["status_message"].startswith(f"{field}:")
    assert not ForeignLocation.objects.exists()


def test_patch_without_its_time_is_2001(tell):
    tell.put(PLACE, location_body())
    reply = tell.patch(f"{PLACE}/E1", {"status": "CHARGING"})
    assert (code(reply), envelope(reply)["status_message"]) == (
        (200, 2001),
        "last_updated: missing",
    )


def test_patch_cannot_rename_or_break_what_is_known(tell):
    tell.put(PLACE, location_body())
    for path, body in (
        (PLACE, {"id": "LOC2", "last_updated": LATER}),
        (f"{PLACE}/E1", {"uid": "E7", "last_updated": LATER}),
        (f"{PLACE}/E1", {"connectors": [], "last_updated": LATER}),
        (PLACE, {"city": 5, "last_updated": LATER}),
    ):
        assert code(tell.patch(path, body)) == (200, 2001), body
    assert body_of(tell, PLACE) == location_body()


def test_unknown_words_of_a_newer_version_are_kept(tell):
    plug = connector_body(standard="MCS", power_type="AC_7_PHASE")
    assert tell.put(PLACE, location_body(evses=[evse_body(connectors=[plug])])).status_code == 201
    assert body_of(tell, f"{PLACE}/E1/1")["standard"] == "MCS"


def test_place_that_is_hidden_or_removed_is_not_offered_to_drivers(tell, operator):
    driver = make_driver()
    tell.put(PLACE, location_body())
    assert visible(driver, ForeignLocation.objects.all()).count() == 1
    gone = [evse_body(uid, status="REMOVED") for uid in ("E1", "E2")]
    for change in ({"publish": False}, {"evses": gone}):
        tell.put(PLACE, location_body(**change))
        assert not visible(driver, ForeignLocation.objects.all()).exists()
    tell.put(PLACE, location_body())
    assert visible(driver, ForeignLocation.objects.all()).exists()
    Partner.objects.filter(pk=operator.pk).update(status="suspended")
    assert not visible(driver, ForeignLocation.objects.all()).exists()


# --- Who may speak for whom -------------------------------------------------------------------


def test_party_of_another_partner_is_refused(tell, peer):
    connect_operator(peer, party=("FR", "TWO"))
    path = f"{ROOT}/locations/FR/TWO/LOC1"
    reply = tell.put(path, location_body(country_code="FR", party_id="TWO"))
    assert code(reply) == (404, 2001)
    assert not ForeignLocation.objects.exists()


def test_hub_speaks_for_parties_that_nobody_else_is_but_never_for_ours(peer, operator):
    hub = Caller(connect_operator(peer, party=("EU", "HUB"), roles=("HUB",)).access_token)
    Party.objects.create(country_code="ID", party_id="OUR", role="CPO", name="Ours", cpo=None)
    for country, party, answer in (("FR", "ANY", 1000), ("DE", "CPO", 2001), ("ID", "OUR", 2001)):
        path = f"{ROOT}/tariffs/{country}/{party}/T1"
        body = tariff_body(country_code=country, party_id=party)
        assert code(hub.put(path, body))[1] == answer, party


def test_objects_of_one_partner_are_no_others(tell, peer):
    tell.put(PLACE, location_body())
    tell.put(PRICE, tariff_body())
    rival = Caller(connect_operator(peer, party=("FR", "TWO")).access_token)
    assert code(rival.get(PLACE)) == (404, 2003)
    assert code(rival.get(PRICE))[0] == 404
    assert code(rival.send("DELETE", PRICE))[0] == 404


def test_mobility_provider_may_not_push_places(peer, operator):
    stranger = Caller(connect_partner(peer).access_token)
    assert code(stranger.put(PLACE, location_body()))[0] == 403


# --- Tariffs ----------------------------------------------------------------------------------


def test_each_version_of_a_tariff_is_kept(tell):
    assert tell.put(PRICE, tariff_body()).status_code == 201
    tell.put(PRICE, tariff_body())
    tell.put(PRICE, tariff_body(energy="3000", last_updated=LATER))
    tell.put(PRICE, tariff_body(energy="1"))
    row = ForeignTariff.objects.get()
    prices = [
        json.loads(one.body)["elements"][0]["price_components"][0]["price"]
        for one in row.versions.order_by("number")
    ]
    assert prices == [2440, 3000]
    assert body_of(tell, PRICE)["last_updated"] == LATER


def test_deleted_tariff_is_404_and_its_versions_stay(tell):
    tell.put(PRICE, tariff_body())
    assert code(tell.send("DELETE", PRICE)) == (200, 1000)
    assert code(tell.get(PRICE))[0] == 404
    assert code(tell.send("DELETE", PRICE))[0] == 404
    assert ForeignTariff.objects.get().versions.count() == 1
    tell.put(PRICE, tariff_body())
    assert code(tell.get(PRICE)) == (200, 1000)


@pytest.mark.parametrize(
    ("elements", "field"),
    [
        ([], "elements"),
        ([{"price_components": [{"type": "SMELL", "price": 1, "step_size": 1}]}], "elements[0]"),
        (
            [{"price_components": [{"type": "FLAT", "price": "dear", "step_size": 1}]}],
            "elements[0]",
        ),
        (
            [{"price_components": [], "restrictions": {"start_time": "25:00"}}],
            "elements[0].restrictions.start_time",
        ),
        (
            [{"price_components": [], "restrictions": {"day_of_week": ["SOMEDAY"]}}],
            "elements[0].restrictions.day_of_week",
        ),
    ],
)
def test_tariff_that_cannot_be_priced_names_its_field(tell, elements, field):
    reply = tell.put(PRICE, tariff_body(elements=elements))
    assert code(reply) == (200, 2001)
    assert envelope(reply)["status_message"].startswith(field)
    assert not ForeignTariff.objects.exists()


def test_tariff_knows_no_patch(tell):
    assert code(tell.patch(PRICE, {"last_updated": LATER}))[0] == 405


# --- Sessions ---------------------------------------------------------------------------------


def test_session_is_our_drivers_and_nobody_elses(tell, contract):
    assert tell.put(RUN, session_body(contract)).status_code == 201
    row = ForeignSession.objects.get()
    assert row.own_token.contract == contract
    assert (row.energy_wh, row.total_excl, row.status) == (4_500, Decimal(11_980), "ACTIVE")
    assert visible(contract.driver, ForeignSession.objects.all()).get() == row
    assert not visible(make_driver(), ForeignSession.objects.all()).exists()


def test_session_of_a_contract_is_found_where_the_uid_is_another(tell, contract):
    token = token_body(contract, uid="SOMETHING")
    tell.put(RUN, session_body(contract, cdr_token=token))
    assert ForeignSession.objects.get().own_token.contract == contract


def test_patched_charging_periods_are_added_once(tell, contract):
    tell.put(RUN, session_body(contract))
    more = period("2026-02-03T08:30:00Z", kwh="2", hours="0.25")
    patch = {"kwh": 6.5, "charging_periods": [more], "last_updated": "2026-02-03T08:45:00Z"}
    for _again in range(2):
        assert code(tell.patch(RUN, patch)) == (200, 1000)
    body = body_of(tell, RUN)
    assert [one["start_date_time"] for one in body["charging_periods"]] == [
        "2026-02-03T08:00:00Z",
        "2026-02-03T08:30:00Z",
    ]
    assert ForeignSession.objects.get().energy_wh == 6_500


def test_what_is_over_does_not_go_on(tell, contract):
    tell.put(RUN, session_body(contract, status="COMPLETED", last_updated=LATER))
    again = session_body(contract, status="ACTIVE", last_updated="2026-02-03T11:00:00Z")
    reply = tell.put(RUN, again)
    assert (code(reply), envelope(reply)["status_message"]) == (
        (200, 2001),
        "status: ACTIVE cannot follow COMPLETED",
    )
    assert ForeignSession.objects.get().status == "COMPLETED"


def test_reserved_is_read_as_reservation(tell, contract):
    tell.put(RUN, session_body(contract, status="RESERVED"))
    assert ForeignSession.objects.get().status == "RESERVATION"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kwh": "4.5"}, "kwh"),
        ({"kwh": -1}, "kwh"),
        ({"status": "SLEEPING"}, "status"),
        ({"cdr_token": {"uid": "X"}}, "cdr_token.type"),
        ({"total_cost": {"excl_vat": "1"}}, "total_cost.excl_vat"),
        ({"evse_uid": ""}, "evse_uid"),
    ],
)
def test_bad_session_names_its_field(tell, contract, change, field):
    reply = tell.put(RUN, session_body(contract, **change))
    assert code(reply) == (200, 2001)
    assert envelope(reply)["status_message"].startswith(f"{field}:")
    assert not ForeignSession.objects.exists()


def test_nonsense_is_refused_without_a_traceback(tell):
    for path in (PLACE, PRICE, RUN, f"{PLACE}/E1"):
        for body in (b"[]", b"7", b'"x"', b"{}", b"[{},{}]"):
            assert code(tell.put(path, body)) == (200, 2001), (path, body)


def test_roles_of_the_operator_decide_what_it_finds(tell, operator):
    endpoints = data(tell.get("/ocpi/cpo/2.2.1"))["endpoints"]
    found = {one["identifier"] for one in endpoints if one["role"] == "RECEIVER"}
    assert {"locations", "tariffs", "sessions", "cdrs"} <= found
    PartnerParty.objects.filter(partner=operator).update(role="EMSP")
    assert code(tell.put(PRICE, tariff_body()))[0] == 403
