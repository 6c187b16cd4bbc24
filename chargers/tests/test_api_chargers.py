"""Chargers by the REST API: listed, registered, changed, retired, forced to a status."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chargers.models import Charger, Command, Connector, Location, Presence
from chargers.tests.factories import make_charger, make_location
from cpo.models import AuditEntry, Role
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo, make_member
from unievp.lib.secrets import matches_digest

pytestmark = pytest.mark.django_db


NEW = {
    "charger_id": "NEW-1",
    "name": "At the door",
    "location": {"name": "Senayan", "city": "Jakarta", "time_zone": "Asia/Jakarta"},
    "connectors": [
        {"connector_id": 1, "standard": "IEC_62196_T2"},
        {"connector_id": 2, "standard": "CHADEMO", "power_type": "DC", "max_power_w": 50_000},
    ],
}


def test_a_charger_is_registered_with_its_location_connectors_and_password(client):
    cpo = make_cpo()
    response = Api(client, cpo)("POST", "chargers", NEW)
    assert response.status_code == 201, response.content
    body = response.json()
    charger = Charger.objects.get()
    assert (charger.cpo, charger.location.name) == (cpo, "Senayan")
    assert matches_digest(body["authorization_key"].encode(), bytes(charger.password_digest))
    assert [part["standard"] for part in body["connectors"]] == ["IEC_62196_T2", "CHADEMO"]
    assert (body["charger_id"], body["online"], body["last_seen_at"]) == ("NEW-1", False, None)
    shown = Api(client, cpo)("GET", "chargers/new-1").json()
    assert "authorization_key" not in shown
    assert shown["location"]["time_zone"] == "Asia/Jakarta"


def test_a_second_charger_of_a_location_is_put_there(client):
    location = make_location(name="Senayan")
    api = Api(client, location.cpo)
    assert api("POST", "chargers", NEW | {"location": {"name": "Senayan"}}).status_code == 201
    other = {"charger_id": "NEW-2", "location_id": location.pk}
    assert api("POST", "chargers", other).status_code == 201
    assert Location.objects.count() == 1
    assert Connector.objects.filter(charger__identity="NEW-2").count() == 1


def test_registering_again_with_one_idempotency_key_shows_the_same_password(client):
    api = Api(client, make_cpo())
    one = api("POST", "chargers", NEW, Idempotency_Key="k1")
    two = api("POST", "chargers", NEW, Idempotency_Key="k1")
    assert (two.status_code, two.json()) == (201, one.json())
    assert two["Idempotency-Replayed"] == "true"
    assert fields_of(api("POST", "chargers", NEW), 409) == {"charger_id"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"charger_id": ""}, "charger_id"),
        ({"charger_id": "a/b"}, "charger_id"),
        ({"charger_id": "x" * 49}, "charger_id"),
        ({"location": {"name": " "}}, "location.name"),
        ({"location": {"name": "S", "time_zone": "Mars/Base"}}, "location.time_zone"),
        ({"location": {"name": "S", "latitude": "91"}}, "location.latitude"),
        ({"location_id": 2**31 - 1}, "location_id"),
        ({"connectors": [{"connector_id": 2}]}, "connectors"),
        ({"connectors": []}, "connectors.non_field_errors"),
        ({"max_power_w": "many"}, "max_power_w"),
        ({"cpo_id": "7"}, "cpo_id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(client, change, field):
    found = fields_of(Api(client, make_cpo())("POST", "chargers", NEW | change), 400)
    assert field.split(".non_field")[0] in {name.split(".non_field")[0] for name in found}
    assert not Charger.objects.exists()
    assert not Location.objects.exists()


def test_a_key_of_the_platform_says_for_whom(client):
    cpo, _other = make_cpo(), make_cpo()
    api = Api(client)
    assert fields_of(api("POST", "chargers", NEW), 400) == {"cpo_id"}
    assert api("POST", "chargers", NEW | {"cpo_id": str(cpo.pk)}).status_code == 201
    assert Charger.objects.get().cpo == cpo


def test_the_list_is_filtered_ordered_and_paged(client):
    cpo = make_cpo()
    for number in range(3):
        row = make_charger(cpo=cpo, identity=f"CP-{number}", name="Café" if number else "")
        Presence.objects.create(charger=row, online=bool(number))
    retired = make_charger(cpo=cpo, identity="OLD")
    Charger.objects.filter(pk=retired.pk).update(retired_at=retired.created_at)
    api = Api(client, cpo)

    def ids(query):
        body = api("GET", f"chargers?{query}").json()
        return [row["charger_id"] for row in body["results"]]

    assert ids("") == ["CP-0", "CP-1", "CP-2"]
    assert ids("ordering=-identity&limit=2") == ["CP-2", "CP-1"]
    assert ids("offset=2") == ["CP-2"]
    assert ids("online=true") == ["CP-1", "CP-2"]
    assert ids("search=caf%C3%A9") == ["CP-1", "CP-2"]
    assert ids("retired=true") == ["OLD"]
    assert ids(f"cpo_id={make_cpo().pk}") == []
    assert api("GET", "chargers").json()["count"] == 3
    assert fields_of(api("GET", "chargers?cpo_id=x"), 400) == {"cpo_id"}


def test_the_list_makes_no_query_per_row(client):
    cpo = make_cpo()
    api = Api(client, cpo)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert api("GET", "chargers").status_code == 200
        return len(captured)

    make_charger(cpo=cpo)
    api("GET", "chargers")
    few = queries()
    for _row in range(20):
        make_charger(cpo=cpo)
    assert queries() == few
    assert few <= 10


def test_a_change_needs_the_version_that_was_read(client):
    charger = make_charger(identity="CP-1")
    api = Api(client, charger.cpo)
    etag = api("GET", "chargers/CP-1")["ETag"]
    changed = api("PATCH", "chargers/CP-1", {"name": "New", "time_zone": ""}, If_Match=etag)
    assert (changed.status_code, changed.json()["name"]) == (200, "New")
    late = api("PATCH", "chargers/CP-1", {"name": "Late"}, If_Match=etag)
    assert late.status_code == 412
    assert api("PATCH", "chargers/CP-1", {"name": "Any"}).status_code == 200
    assert AuditEntry.objects.filter(action="charger.change").count() == 2
    foreign = make_location()
    refused = api("PATCH", "chargers/CP-1", {"location_id": foreign.pk})
    assert fields_of(refused, 400) == {"location_id"}


def test_a_heartbeat_makes_no_new_version(client):
    charger = make_charger(identity="CP-1")
    api = Api(client, charger.cpo)
    etag = api("GET", "chargers/CP-1")["ETag"]
    Presence.objects.create(charger=charger, online=True)
    assert api("GET", "chargers/CP-1")["ETag"] == etag


def test_a_retired_charger_stays_readable(client):
    charger = make_charger(identity="CP-1")
    api = Api(client, charger.cpo)
    assert api("DELETE", "chargers/CP-1").status_code == 204
    assert api("GET", "chargers/CP-1").json()["retired_at"]
    assert api("DELETE", "chargers/CP-1").status_code == 409
    assert api("PATCH", "chargers/CP-1", {"name": "x"}).status_code == 409


def test_a_forced_status_is_kept_and_asked_for(client):
    charger = make_charger(identity="CP-1")
    api = Api(client, charger.cpo)
    body = {"status": "Unavailable", "connector_id": 2, "reason": "Broken cable"}
    answer = api("PUT", "chargers/CP-1/status", body).json()
    command = Command.objects.get()
    assert answer["id"] == str(command.pk)
    assert answer["request"] == {"connectorId": 2, "type": "Inoperative"}
    assert charger.connectors.get(number=2).forced_status == "Unavailable"
    wrong = api("PUT", "chargers/CP-1/status", {"status": "Broken"})
    assert fields_of(wrong, 400) == {"status"}
    nowhere = api("PUT", "chargers/CP-1/status", {"status": "Available", "connector_id": 9})
    assert fields_of(nowhere, 404) == {"connector_id"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "chargers/CP-1", None),
        ("PATCH", "chargers/CP-1", {"name": "mine"}),
        ("DELETE", "chargers/CP-1", None),
        ("PUT", "chargers/CP-1/status", {"status": "Unavailable"}),
    ],
)
def test_a_rivals_charger_is_not_there(client, method, path, body):
    make_charger(identity="CP-1")
    rival = Api(client, make_cpo())
    assert rival(method, path, body).status_code == 404
    assert rival("GET", "chargers").json()["count"] == 0
    assert not Command.objects.exists()


def test_a_rivals_location_and_company_are_not_there(client):
    location = make_location()
    rival = Api(client, make_cpo())
    wrong = rival("POST", "chargers", {"charger_id": "X", "location_id": location.pk})
    assert fields_of(wrong, 400) == {"location_id"}
    other = rival("POST", "chargers", NEW | {"cpo_id": str(location.cpo_id)})
    assert fields_of(other, 404) == {"cpo_id"}


@pytest.mark.parametrize(("role", "status"), [(Role.OPERATOR, 200), (Role.VIEWER, 403)])
def test_roles_decide_for_people(client, role, status):
    charger = make_charger(identity="CP-1")
    client.force_login(make_member(charger.cpo, role))
    assert client.get("/api/chargers/CP-1").status_code == 200
    changed = client.patch(
        "/api/chargers/CP-1", json.dumps({"name": "x"}), content_type="application/json"
    )
    assert changed.status_code == status


def test_a_key_needs_the_scope(client):
    charger = make_charger(identity="CP-1")
    reader = Api(client, charger.cpo, "chargers:read")
    assert reader("GET", "chargers/CP-1").status_code == 200
    assert reader("PATCH", "chargers/CP-1", {"name": "x"}).status_code == 403
    assert reader("PUT", "chargers/CP-1/status", {"status": "Available"}).status_code == 403
