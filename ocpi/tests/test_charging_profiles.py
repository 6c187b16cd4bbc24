"""Charging profiles of partners: asked of the charger, answered later, told while they change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.models import Command, ConfigurationKey
from chargers.services.outcomes import mark_answered, mark_timed_out
from ocpi.models import CommandRequest, PartnerEndpoint, Push
from ocpi.services.commands.telling import settle_commands, sweep_requests
from ocpi.services.profiles import receiving
from ocpi.services.profiles.active import sweep_profiles
from ocpi.services.pushing.sending import push_due
from ocpi.services.selling.sessions import begin_roaming
from ocpi.tests.calling import code, data
from ocpi.tests.driving import begin, push_token
from ocpi.tests.field import make_site
from unievp.lib import clock

pytestmark = pytest.mark.django_db

PROFILE = {
    "charging_rate_unit": "A",
    "duration": 3600,
    "charging_profile_period": [
        {"start_period": 0, "limit": 16.0},
        {"start_period": 900, "limit": 8.5},
    ],
}


@pytest.fixture
def site(partner):
    return make_site()


@pytest.fixture
def session(call, site):
    push_token(call, "CARD1")
    return begin_roaming(begin(site, "CARD1").pk)


@pytest.fixture
def limit(call, peer, session):
    def send(profile=PROFILE, path="results/1"):
        body = {"charging_profile": profile, "response_url": f"{peer.url}/{path}"}
        return call.put(f"chargingprofiles/{session.ocpi_id}", body)

    return send


def answer(action, **response):
    """The charger answers the latest command of its kind."""
    command = Command.objects.filter(action=action).latest("created_at")
    Command.objects.filter(pk=command.pk).update(status="sent", sent_at=clock.now())
    mark_answered(command.pk, response=response)
    settle_commands([str(command.pk)])
    sweep_requests()


def told(peer):
    return [one.body for one in peer.calls("POST", "/results")]


def result(response):
    return data(response)["result"]


def test_a_limit_reaches_the_charger_and_its_answer_the_partner(limit, peer, session):
    response = limit()
    assert data(response) == {"result": "ACCEPTED", "timeout": 60}
    command = Command.objects.get(action="SetChargingProfile")
    wire = command.payload["csChargingProfiles"]
    assert command.payload["connectorId"] == session.session.connector.number
    assert wire["transactionId"] == session.session.transaction_id
    assert (wire["chargingProfilePurpose"], wire["chargingProfileKind"]) == (
        "TxProfile",
        "Relative",
    )
    assert [each["limit"] for each in wire["chargingSchedule"]["chargingSchedulePeriod"]] == [
        16,
        8.5,
    ]
    assert told(peer) == []
    answer("SetChargingProfile", status="Accepted")
    assert told(peer) == [{"result": "ACCEPTED"}]


def test_a_charger_that_refuses_or_is_silent_rejects(limit, peer, monkeypatch):
    limit()
    answer("SetChargingProfile", status="NotSupported")
    assert told(peer) == [{"result": "REJECTED"}]
    monkeypatch.setattr(receiving, "EVERY", timedelta(0))
    limit(path="results/2")
    command = Command.objects.latest("created_at")
    Command.objects.filter(pk=command.pk).update(status="sent", sent_at=clock.now())
    mark_timed_out(command.pk)
    settle_commands([str(command.pk)])
    sweep_requests()
    assert told(peer)[1:] == [{"result": "REJECTED"}]


def test_what_is_not_theirs_or_over_is_unknown(call, peer, session, limit):
    body = {"charging_profile": PROFILE, "response_url": f"{peer.url}/results"}
    assert result(call.put("chargingprofiles/S999", body)) == "UNKNOWN_SESSION"
    session.session.status = "ended"
    session.session.ended_at = clock.now()
    session.session.save(update_fields=["status", "ended_at"])
    assert result(limit()) == "UNKNOWN_SESSION"
    assert not Command.objects.exists()


def test_a_charger_without_the_feature_does_not_support_it(limit, site):
    ConfigurationKey.objects.create(
        charger=site, key="SupportedFeatureProfiles", value="Core,Reservation", read_at=clock.now()
    )
    assert result(limit()) == "NOT_SUPPORTED"


def test_too_often_and_twice_the_same(limit):
    assert result(limit()) == "ACCEPTED"
    assert result(limit()) == "ACCEPTED"
    assert Command.objects.count() == CommandRequest.objects.count() == 1
    assert result(limit({**PROFILE, "duration": 60})) == "TOO_OFTEN"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"charging_rate_unit": "V"}, "charging_profile.charging_rate_unit"),
        ({"duration": -1}, "charging_profile.duration"),
        ({"charging_profile_period": [{"start_period": 0, "limit": 1.25}]}, "limit"),
        ({"charging_profile_period": [{"limit": 1}]}, "start_period"),
    ],
)
def test_what_is_wrong_is_named(limit, change, field):
    response = limit({**PROFILE, **change})
    assert code(response) == (200, 2001)
    assert field in response.json()["status_message"]
    assert not Command.objects.exists()


def test_the_charger_tells_what_it_allows(call, peer, session):
    path = f"chargingprofiles/{session.ocpi_id}"
    url = f"{peer.url}/results/g%3Fx%3D1"
    assert result(call.get(path, duration=900, response_url=url)) == "ACCEPTED"
    answer(
        "GetCompositeSchedule",
        status="Accepted",
        connectorId=1,
        scheduleStart="2026-02-01T10:00:00Z",
        chargingSchedule={
            "duration": 900,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
        },
    )
    (said,) = told(peer)
    assert said["result"] == "ACCEPTED"
    assert said["profile"]["start_date_time"] == "2026-02-01T10:00:00Z"
    periods = said["profile"]["charging_profile"]["charging_profile_period"]
    assert periods == [{"start_period": 0, "limit": 10}]
    assert code(call.get(path, duration=0, response_url=url)) == (200, 2001)
    assert code(call.get(path, duration=900)) == (200, 2001)


def test_a_limit_is_taken_back(call, peer, session):
    response = call.send(
        "DELETE", f"chargingprofiles/{session.ocpi_id}?response_url={peer.url}/results/d"
    )
    assert result(response) == "ACCEPTED"
    answer("ClearChargingProfile", status="Unknown")
    assert told(peer) == [{"result": "UNKNOWN"}]


def test_changes_are_told_once_a_limit_was_accepted_and_never_before(limit, peer, partner, session):
    PartnerEndpoint.objects.create(
        partner=partner,
        identifier="chargingprofiles",
        role="SENDER",
        url=f"{peer.url}/2.2.1/chargingprofiles",
    )
    assert sweep_profiles() == 0
    limit()
    answer("SetChargingProfile", status="Accepted")
    push_due()
    (put,) = peer.calls("PUT", "/2.2.1/chargingprofiles")
    assert put.path.endswith(f"/{session.ocpi_id}")
    profile = put.body["charging_profile"]
    limits = [(each["start_period"], each["limit"]) for each in profile["charging_profile_period"]]
    assert limits == [(0, 16), (900, 8.5), (3600, 32)]
    assert sweep_profiles() == 0
    session.session.charger.charging_profiles.update(state="cleared")
    assert sweep_profiles() == 1
    push_due()
    assert Push.objects.get(module="chargingprofiles").sent == 2
