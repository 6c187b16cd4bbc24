"""Charging sessions by the REST API: listed with live cost, looked at, and their curve."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chargers.models import ChargingSession
from chargers.tests.factories import (
    at,
    make_charger,
    make_token,
    meter_values,
    reading,
    send_one,
    start,
    stop,
)
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo

pytestmark = pytest.mark.django_db


def begin(charger, *, token="TAG", connector=1, seconds=0):
    make_token(token)
    return send_one(charger, start(token, connector=connector, seconds=seconds)).transaction_id


@pytest.fixture
def running():
    charger = make_charger(identity="CP-1")
    number = begin(charger)
    send_one(charger, meter_values(number, reading(60, 1500, power_w=7000, soc_percent=40)))
    return ChargingSession.objects.get()


def test_a_running_session_shows_its_energy_and_what_it_costs_so_far(client, running):
    api = Api(client, running.cpo, "sessions:read")
    body = api("GET", f"sessions/{running.pk}").json()
    assert (body["charger_id"], body["connector_id"], body["id_tag"]) == ("CP-1", 1, "TAG")
    assert (body["status"], body["energy_wh"], body["power_w"]) == ("active", 500, 7000)
    assert body["transaction_id"] == running.transaction_id
    assert body["cost"] is not None
    assert body["started_at"].endswith("Z")
    assert body["ended_at"] is None
    (listed,) = api("GET", "sessions").json()["results"]
    assert listed["id"] == running.pk


def test_readings_come_in_the_order_of_their_times(client, running):
    number = running.transaction_id
    send_one(running.charger, meter_values(number, reading(120, 1700), reading(90, 1600)))
    body = Api(client, running.cpo)("GET", f"sessions/{running.pk}/readings?limit=2").json()
    assert body["count"] == 3
    assert [row["energy_wh"] for row in body["results"]] == [1500, 1600]
    assert body["results"][0]["power_w"] == 7000


def test_sessions_are_filtered(client, running):
    charger = running.charger
    second = begin(charger, token="OTHER", connector=2, seconds=3600)
    send_one(charger, stop(second, seconds=4000))
    api = Api(client, running.cpo)

    def ids(**query):
        rows = api("GET", f"sessions?{urlencode(query)}").json()["results"]
        return [row["transaction_id"] for row in rows]

    first = running.transaction_id
    assert ids() == [second, first]
    assert ids(ordering="started_at") == [first, second]
    assert ids(status="ended") == [second]
    assert ids(charger_id="cp-1", connector_id=1) == [first]
    assert ids(charger_id="CP-2") == []
    assert ids(id_tag="other") == [second]
    assert ids(**{"from": at(1800).isoformat()}) == [second]
    assert ids(to=at(3600).isoformat()) == [first]
    assert ids(transaction_id=first) == [first]
    for query in ("status=gone", "from=yesterday", "cpo_id=7", "transaction_id=99999999999"):
        assert fields_of(api("GET", f"sessions?{query}"), 400) == {query.split("=")[0]}


def test_a_time_over_the_edge_of_the_calendar_is_refused(client, running):
    api = Api(client, running.cpo)
    assert api("GET", "sessions?from=9999-12-31T23:59:59-23:59").status_code == 400


def test_a_rivals_session_is_not_there(client, running):
    rival = Api(client, make_cpo())
    assert rival("GET", "sessions").json()["count"] == 0
    for path in (f"sessions/{running.pk}", f"sessions/{running.pk}/readings", f"sessions/{2**70}"):
        assert rival("GET", path).status_code == 404


def test_the_list_makes_no_query_per_row(client, running):
    api = Api(client, running.cpo)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert api("GET", "sessions").status_code == 200
        return len(captured)

    api("GET", "sessions")
    few = queries()
    for number in range(10):
        begin(make_charger(cpo=running.cpo), token=f"T{number}")
    assert queries() == few
    assert few <= 10
