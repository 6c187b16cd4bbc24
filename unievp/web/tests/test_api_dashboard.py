"""GET /api/analytics/dashboard: the right sums, of the right rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.models import Charger, ChargingSession, Presence
from chargers.tests.factories import make_charger, make_location, make_token, send_one, start, stop
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo
from unievp.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    row = make_charger(location=make_location(time_zone="Asia/Jayapura"))
    Presence.objects.create(charger=row, online=True)
    type(row).objects.filter(pk=row.pk).update(created_at=clock.now() - timedelta(days=60))
    return row


def session_of(charger, *, hours_ago, hours=1, wh=2000, cost=None, connector=1):
    make_token(f"T{hours_ago}")
    number = send_one(charger, start(f"T{hours_ago}", connector=connector)).transaction_id
    send_one(charger, stop(number, meter=1000 + wh))
    begin = clock.now() - timedelta(hours=hours_ago)
    billed = {} if cost is None else {"cost": cost, "billing_status": "billed"}
    ChargingSession.objects.filter(transaction_id=number).update(
        started_at=begin, ended_at=begin + timedelta(hours=hours), energy_wh=wh, **billed
    )


def test_the_figures_are_the_sums_of_the_rows(client, charger):
    session_of(charger, hours_ago=10 * 24, wh=3000, cost=9000)
    session_of(charger, hours_ago=11 * 24, wh=1000)
    session_of(charger, hours_ago=50 * 24, wh=7000, cost=70_000)
    session_of(make_charger(), hours_ago=9 * 24, wh=500, cost=500)
    body = Api(client, charger.cpo, "reports:read")("GET", "analytics/dashboard").json()
    assert body["chargers"] == {"total": 1, "online": 1, "charging": 0, "faulted": 0}
    assert (body["period"]["sessions"], body["period"]["energy_wh"]) == (2, 4000)
    assert (body["period"]["revenue"], body["currency"]) == (9000, "IDR")
    assert body["sessions"]["active"] == 0
    # Two hours of two connectors in 30 days.
    assert body["utilisation"] == "0.14"
    assert Api(client)("GET", "analytics/dashboard").json()["period"]["sessions"] == 3


def test_utilisation_ends_at_all_of_the_time(client, charger):
    # By the charger's clock the session began long before the charger was registered.
    Charger.objects.update(created_at=clock.now() - timedelta(seconds=2))
    session_of(charger, hours_ago=40, hours=39, wh=1000)
    ChargingSession.objects.update(ended_at=None, status="active")
    assert Api(client, charger.cpo)("GET", "analytics/dashboard").json()["utilisation"] == "100.00"


def test_a_period_is_chosen(client, charger):
    session_of(charger, hours_ago=50 * 24, wh=7000, cost=70_000)
    begin, end = (clock.now() - timedelta(days=days) for days in (55, 45))
    query = f"from={begin.isoformat()}&to={end.isoformat()}".replace("+", "%2B")
    body = Api(client, charger.cpo)("GET", f"analytics/dashboard?{query}").json()
    assert (body["period"]["energy_wh"], body["period"]["revenue"]) == (7000, 70_000)


def test_todays_sessions_are_todays_and_this_months(client, charger):
    make_token("NOW")
    send_one(charger, start("NOW", seconds=0))
    ChargingSession.objects.update(started_at=clock.now())
    body = Api(client, charger.cpo)("GET", "analytics/dashboard").json()
    assert body["sessions"] == {"active": 1, "today": 1, "month": 1}


def test_what_is_wrong_is_named(client, charger):
    api = Api(client, charger.cpo)
    for query, field in (
        ("from=x", "from"),
        ("cpo_id=1", "cpo_id"),
        ("to=2000-01-01&from=2001-01-01", "to"),
    ):
        assert fields_of(api("GET", f"analytics/dashboard?{query}"), 400) >= {field}


def test_a_rivals_figures_are_not_there(client, charger):
    rival = Api(client, make_cpo())
    assert rival("GET", f"analytics/dashboard?cpo_id={charger.cpo_id}").status_code == 404
    assert rival("GET", "analytics/dashboard").json()["chargers"]["total"] == 0
    assert (
        Api(client, charger.cpo, "sessions:read")("GET", "analytics/dashboard").status_code == 403
    )
    assert client.get("/api/analytics/dashboard").status_code == 401
