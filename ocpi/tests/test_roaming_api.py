"""The driver's way in: places elsewhere, their prices, starts, stops and sessions (REST)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cpo.services import supabase
from cpo.tests.api import Api, fields_of
from ocpi.models import ForeignCdr, ForeignLocation, ForeignTariff, SentCommand
from ocpi.services.sent_commands.sending import send_command
from ocpi.tests.emsp import (
    connect_operator,
    evse_body,
    let_roam,
    make_driver,
    make_emsp_party,
    make_place,
    make_price,
    make_session,
)
from ocpi.tests.peer import success
from payments.chart import Booking, receivable_account
from payments.ledger.legs import credit, debit
from payments.models import RoamingCharge
from payments.services import ledger
from payments.tests.factories import BANK
from unievp.lib import clock

pytestmark = pytest.mark.django_db


class DriverApi:
    """As the app of one driver calls; who a driver is, is Supabase's word and proven elsewhere."""

    def __init__(self, client, driver):
        self.client, self.driver = client, driver

    def __call__(self, method, path, body=None, **headers):
        return self.client.generic(
            method,
            f"/api/{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {self.driver.pk}",
                "Accept-Language": "en",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )


@pytest.fixture(autouse=True)
def drivers_are_known(monkeypatch):
    known = type(make_driver())
    monkeypatch.setattr(supabase, "is_configured", lambda: True)
    monkeypatch.setattr(supabase, "driver_of_token", lambda pk: known.objects.get(pk=pk))


@pytest.fixture
def operator(peer):
    make_emsp_party()
    peer.answers["POST"] = (200, success({"result": "ACCEPTED", "timeout": 30}))
    return connect_operator(peer)


@pytest.fixture
def place(operator):
    make_price(operator)
    return make_place(operator)


@pytest.fixture
def budi(client, operator):
    return DriverApi(client, let_roam(make_driver(name="Budi")).driver)


@pytest.fixture
def app(client):
    """The platform's own program."""
    return Api(client)


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


# --- Places -------------------------------------------------------------------------------------


def test_driver_finds_places_around_the_nearest_first(budi, operator, place):
    far = make_place(
        operator, "POTSDAM", coordinates={"latitude": "52.3906", "longitude": "13.0645"}
    )
    make_place(operator, "PARIS", coordinates={"latitude": "48.8566", "longitude": "2.3522"})
    near = budi("GET", "roaming/locations?near=52.5,13.4&radius_km=40")
    assert ids(near) == [place.pk, far.pk]
    one, two = near.json()["results"]
    assert one["distance_m"] == 2_594
    assert two["distance_m"] == 25_788
    assert ids(budi("GET", "roaming/locations?near=52.5,13.4")) == [place.pk]
    assert len(ids(budi("GET", "roaming/locations"))) == 3
    assert budi("GET", "roaming/locations").json()["results"][0]["distance_m"] is None


def test_places_across_the_date_line_and_at_the_pole_are_near(budi, operator):
    fiji = make_place(operator, "FJ", coordinates={"latitude": "-17.0", "longitude": "179.95"})
    assert ids(budi("GET", "roaming/locations?near=-17.0,-179.95")) == [fiji.pk]
    pole = make_place(operator, "NP", coordinates={"latitude": "89.9", "longitude": "10.0"})
    assert ids(budi("GET", "roaming/locations?near=89.9,-170&radius_km=30")) == [pole.pk]


def test_place_says_what_is_there_in_a_line(budi, place):
    (row,) = budi("GET", "roaming/locations").json()["results"]
    assert {name: row[name] for name in ("operator", "evses", "available", "max_power_w")} == {
        "operator": "Berlin Strom",
        "evses": 2,
        "available": 1,
        "max_power_w": 150_000,
    }
    assert row["standards"] == ["IEC_62196_T2", "IEC_62196_T2_COMBO"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=alexander", 1),
        ("search=berlin", 1),
        ("search=bonn", 0),
        ("country=deu", 1),
        ("country=IDN", 0),
        ("standard=iec_62196_t2_combo", 1),
        ("standard=CHADEMO", 0),
        ("available=true", 1),
        ("near=52.5,13.4&available=true&standard=IEC_62196_T2&ordering=-name", 1),
    ],
)
def test_places_are_filtered(budi, place, query, found):
    assert len(ids(budi("GET", f"roaming/locations?{query}"))) == found


def test_place_without_a_free_evse_is_not_available(budi, operator):
    make_place(operator, evses=[evse_body("E1", "CHARGING"), evse_body("E2", "REMOVED")])
    assert ids(budi("GET", "roaming/locations?available=true")) == []
    (row,) = budi("GET", "roaming/locations").json()["results"]
    assert (row["evses"], row["available"]) == (1, 0)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("near=here", "near"),
        ("near=91,0", "near"),
        ("near=0,181", "near"),
        ("near=nan,nan", "near"),
        ("near=1", "near"),
        ("near=0,0&radius_km=0", "radius_km"),
        ("near=0,0&radius_km=9999", "radius_km"),
    ],
)
def test_faulty_point_is_named(budi, place, query, field):
    assert field in fields_of(budi("GET", f"roaming/locations?{query}"), 400)


def test_place_in_full_tells_prices_in_plain_words(budi, place):
    body = budi("GET", f"roaming/locations/{place.pk}").json()
    fast, slow = body["evse_list"]
    assert (fast["uid"], fast["evse_id"], fast["status"]) == ("E1", "DE*CPO*E1", "AVAILABLE")
    assert (fast["can_start_by_app"], fast["can_reserve"]) == (True, True)
    (plug,) = fast["connectors"]
    assert (plug["standard"], plug["max_power_w"]) == ("IEC_62196_T2_COMBO", 150_000)
    (price,) = plug["tariffs"]
    assert price["short"] == "€0.59 per kWh"
    assert price["told"] == "Fast and green"
    assert slow["connectors"][0]["max_power_w"] == 22_080
    assert slow["connectors"][0]["tariffs"] == []
    assert (body["always_open"], body["postal_code"]) == (True, "10178")


def test_tariff_that_we_cannot_read_is_told_in_the_companys_words(budi, place):
    row = ForeignTariff.objects.get()
    unknown = [{"price_components": [{"type": "WARP", "price": 1, "step_size": 1}]}]
    row.body = json.dumps({**json.loads(row.body), "elements": unknown})
    row.save()
    body = budi("GET", f"roaming/locations/{place.pk}").json()
    (price,) = body["evse_list"][0]["connectors"][0]["tariffs"]
    assert (price["short"], price["lines"]) == ("Fast and green", [])


def test_gone_places_are_not_shown_to_drivers(budi, app, place):
    ForeignLocation.objects.update(is_offered=False, removed_at=clock.now())
    assert ids(budi("GET", "roaming/locations")) == ids(app("GET", "roaming/locations")) == []
    assert budi("GET", f"roaming/locations/{place.pk}").status_code == 404
    assert app("GET", f"roaming/locations/{place.pk}").status_code == 200


# --- Commands -----------------------------------------------------------------------------------


def test_driver_starts_watches_and_stops(budi, place, operator, peer):
    started = budi("POST", "roaming/start", {"roaming_location_id": place.pk, "evse_uid": "e1"})
    assert started.status_code == 202, started.content
    command = SentCommand.objects.get()
    assert started.json()["status"] == "queued"
    assert (command.evse_uid, command.connector_id) == ("E1", "1")
    assert command.requested_label == "driver: Budi"
    send_command(str(command.pk))
    (call,) = peer.calls("POST")
    assert call.body["token"]["uid"] == str(budi.driver.pk)
    command.refresh_from_db()
    session = make_session(
        operator, command.token, authorization_reference=command.authorization_reference
    )
    shown = budi("GET", f"roaming/commands/{command.pk}").json()
    assert (shown["status"], shown["roaming_session_id"]) == ("accepted", session.pk)
    live = budi("GET", f"roaming/sessions/{session.pk}").json()
    assert (live["energy_wh"], live["cost"], live["currency"]) == (4_200, 295, "EUR")
    assert (live["cost_includes_tax"], live["charged"]) == (True, None)
    assert live["location"]["name"] == "Alexanderplatz"
    assert live["operator"] == "DE-CPO"
    stopped = budi("POST", "roaming/stop", {"roaming_session_id": session.pk})
    assert stopped.status_code == 202
    stop = SentCommand.objects.get(type="STOP_SESSION")
    assert (stop.session_id, stop.driver) == ("SESSION1", budi.driver)


def test_start_is_repeated_once_per_key_and_refused_meanwhile(budi, place):
    body = {"roaming_location_id": place.pk, "evse_uid": "E1"}
    first = budi("POST", "roaming/start", body, Idempotency_Key="k")
    again = budi("POST", "roaming/start", body, Idempotency_Key="k")
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = budi("POST", "roaming/start", body)
    assert other.status_code == 409
    assert SentCommand.objects.count() == 1


def test_program_of_the_platform_starts_for_a_driver_it_names(app, place, budi):
    body = {"roaming_location_id": place.pk, "evse_uid": "E1"}
    assert fields_of(app("POST", "roaming/start", body), 400) == {"driver_id"}
    nobody = body | {"driver_id": str(make_driver().pk)}
    assert fields_of(app("POST", "roaming/start", nobody), 404) == {"driver_id"}
    answer = app("POST", "roaming/start", body | {"driver_id": str(budi.driver.pk)})
    assert answer.status_code == 202
    command = SentCommand.objects.get()
    assert (command.driver, command.requested_label) == (budi.driver, "api key: Acme")


def test_driver_without_a_contract_is_told_so(client, place):
    guest = DriverApi(client, make_driver())
    answer = guest("POST", "roaming/start", {"roaming_location_id": place.pk, "evse_uid": "E1"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:uniev:problem:no_contract")


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"roaming_location_id": 10**18}, 404, "roaming_location_id"),
        ({"evse_uid": "E9"}, 404, "evse_uid"),
        ({"connector_id": "9"}, 404, "connector_id"),
        ({"evse_uid": "TWO"}, 400, "connector_id"),
        ({"evse_uid": "GONE"}, 404, "evse_uid"),
    ],
)
def test_place_of_a_start_is_checked(budi, operator, change, status, field):
    evses = [
        evse_body("E1"),
        evse_body("TWO", connectors=2),
        evse_body("GONE", "REMOVED"),
    ]
    place = make_place(operator, evses=evses)
    body = {"roaming_location_id": place.pk, "evse_uid": "E1"} | change
    assert fields_of(budi("POST", "roaming/start", body), status) == {field}
    assert not SentCommand.objects.exists()


def test_reserved_and_given_back(budi, place):
    body = {"roaming_location_id": place.pk, "evse_uid": "E1", "minutes": 20}
    reserved = budi("POST", "roaming/reserve", body)
    assert reserved.status_code == 202, reserved.content
    row = SentCommand.objects.get()
    assert row.expires_at - clock.now() < timedelta(minutes=20)
    back = {"roaming_command_id": str(row.pk)}
    assert budi("POST", "roaming/cancel-reservation", back).status_code == 409
    SentCommand.objects.update(status="succeeded", ended_at=clock.now())
    assert budi("POST", "roaming/cancel-reservation", back).status_code == 202
    cancel = SentCommand.objects.get(type="CANCEL_RESERVATION")
    wrong = {"roaming_command_id": str(cancel.pk)}
    assert budi("POST", "roaming/cancel-reservation", wrong).status_code == 404


def test_drivers_unlock_nothing_the_help_desk_does(budi, app, place):
    body = {"roaming_location_id": place.pk, "evse_uid": "E1"}
    assert budi("POST", "roaming/unlock", body).status_code == 403
    assert app("POST", "roaming/unlock", body).status_code == 202
    assert SentCommand.objects.get().driver is None


# --- Sessions -----------------------------------------------------------------------------------


def test_driver_sees_own_sessions_and_commands_and_nobody_elses(budi, app, client, operator, place):
    token = budi.driver.roaming_contract.tokens.get()
    session = make_session(operator, token)
    strangers = make_session(operator, None, "STRANGE")
    budi("POST", "roaming/start", {"roaming_location_id": place.pk, "evse_uid": "E1"})
    command = SentCommand.objects.get()
    cici = DriverApi(client, let_roam(make_driver(name="Cici")).driver)
    assert ids(budi("GET", "roaming/sessions")) == [session.pk]
    assert ids(cici("GET", "roaming/sessions")) == []
    assert set(ids(app("GET", "roaming/sessions"))) == {session.pk, strangers.pk}
    for path in (f"roaming/sessions/{session.pk}", f"roaming/commands/{command.pk}"):
        assert budi("GET", path).status_code == 200
        assert cici("GET", path).status_code == 404
    stop = {"roaming_session_id": session.pk}
    assert cici("POST", "roaming/stop", stop).status_code == 404
    assert ids(app("GET", f"roaming/sessions?driver_id={cici.driver.pk}")) == []


def test_companies_have_no_part_in_it(client, place, budi):
    key = Api(client, place.partner.cpo or make_company())
    assert key("GET", "roaming/locations").status_code == 403
    assert key("GET", "roaming/sessions").status_code == 403
    body = {"roaming_location_id": place.pk, "evse_uid": "E1", "driver_id": str(budi.driver.pk)}
    assert key("POST", "roaming/start", body).status_code == 403


def make_company():
    from cpo.tests.factories import make_cpo

    return make_cpo()


@pytest.mark.parametrize("status", ["COMPLETED", "INVALID"])
def test_session_that_is_over_is_not_stopped(budi, operator, place, status):
    token = budi.driver.roaming_contract.tokens.get()
    session = make_session(operator, token, status=status, ended_at=clock.now())
    assert budi("POST", "roaming/stop", {"roaming_session_id": session.pk}).status_code == 409
    assert not SentCommand.objects.exists()


def test_cost_without_tax_or_in_an_unknown_currency_is_said_to_be_so(budi, operator, place):
    token = budi.driver.roaming_contract.tokens.get()
    session = make_session(operator, token, total_incl=None)
    shown = budi("GET", f"roaming/sessions/{session.pk}").json()
    assert (shown["cost"], shown["cost_includes_tax"]) == (248, False)
    other = make_session(operator, token, "S2", currency="XAU", location_id="ELSEWHERE")
    shown = budi("GET", f"roaming/sessions/{other.pk}").json()
    assert (shown["cost"], shown["currency"], shown["location"]) == (None, "XAU", None)


def test_session_says_what_the_driver_owes_for_it_less_what_was_taken_back(budi, operator, place):
    token = budi.driver.roaming_contract.tokens.get()
    session = make_session(operator, token, status="COMPLETED", ended_at=clock.now())
    assert budi("GET", f"roaming/sessions/{session.pk}").json()["charged"] is None
    first = book(session, "CDR1", 1_000)
    book(session, "CDR1-C", -1_000, credits=first)
    book(session, "CDR2", 1_250)
    assert budi("GET", f"roaming/sessions/{session.pk}").json()["charged"] == 1_250
    assert budi("GET", "roaming/sessions").json()["results"][0]["charged"] == 1_250


def book(session, name, total, credits=None):
    """A CDR of the session and its charge; `total` in minor units."""
    token = session.own_token
    driver = token.contract.driver
    debt, bank = receivable_account(driver.pk, driver.pk, "EUR"), replace(BANK, currency="EUR")
    sides = (debt, bank) if total > 0 else (bank, debt)
    legs = [debit(sides[0], abs(total)), credit(sides[1], abs(total))]
    charge = RoamingCharge.objects.create(
        driver=driver,
        partner_reference=str(session.partner_id),
        cdr_reference=name,
        currency="EUR",
        net=total,
        credits=credits,
        charged_at=clock.now(),
        booking=ledger.post(key=name, kind=Booking.ADJUSTMENT, legs=legs)[0],
    )
    ForeignCdr.objects.create(
        partner=session.partner,
        country_code="DE",
        party_id="CPO",
        ocpi_id=name,
        session=session,
        own_token=token,
        is_credit=credits is not None,
        credit_reference_id=credits.cdr_reference if credits else "",
        started_at=session.started_at,
        ended_at=clock.now(),
        energy_wh=1_000,
        currency="EUR",
        total_excl=Decimal(total) / 100,
        body="{}",
        last_updated=clock.now(),
        received_at=clock.now(),
        charge=charge,
    )
    return charge


def test_driver_sees_the_own_credit_and_debt_and_nobody_elses(client, app):
    make_emsp_party()
    contract, other = let_roam(), let_roam()
    asked = DriverApi(client, contract.driver)
    (mine,) = asked("GET", "roaming/contracts").json()["results"]
    assert mine["contract_id"] == contract.contract_id
    assert (mine["credit_limit"], mine["owed"], mine["has_credit"]) == (None, [], True)
    type(contract).objects.filter(pk=contract.pk).update(credit_limit=5_000)
    ledger.post(
        key="debt",
        kind=Booking.ADJUSTMENT,
        legs=[debit(receivable_account(contract.driver_id, None), 5_000), credit(BANK, 5_000)],
    )
    (mine,) = asked("GET", "roaming/contracts").json()["results"]
    assert mine["owed"] == [{"currency": "IDR", "amount": 5_000}]
    assert (mine["credit_limit"], mine["has_credit"]) == (5_000, False)
    rows = app("GET", "roaming/contracts").json()["results"]
    owed = {row["contract_id"]: row["owed"] for row in rows}
    assert owed == {contract.contract_id: mine["owed"], other.contract_id: []}
