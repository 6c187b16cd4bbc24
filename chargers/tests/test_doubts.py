"""What we expect a charger to refuse is said in words, and nothing is kept from going out."""

from __future__ import annotations

import pytest
from django.utils import translation

from chargers.models import ConfigurationKey
from chargers.services.doubts import doubts_of
from chargers.tests.factories import make_charger, make_token, send_one, start, stop
from unievp.lib import clock

pytestmark = pytest.mark.django_db
LIST = [{"idTag": "A"}, {"idTag": "B"}]
PERIODS = [{"startPeriod": 0, "limit": 16}]


@pytest.fixture
def charger():
    made = make_charger(identity="CP-1")
    for key, value, fields in (
        ("SupportedFeatureProfiles", "core, SmartCharging,LocalAuthListManagement", {}),
        ("SendLocalListMaxLength", "1", {}),
        ("GetConfigurationMaxKeys", "2", {}),
        ("ChargeProfileMaxStackLevel", "1", {}),
        ("NumberOfConnectors", "2", {"read_only": True}),
        ("Nonsense", "", {"known": False}),
    ):
        ConfigurationKey.objects.create(
            charger=made, key=key, value=value, read_at=clock.now(), **fields
        )
    return made


@pytest.fixture
def english():
    with translation.override("en"):
        yield


def profile(level=0):
    return {
        "chargingProfileId": 1,
        "stackLevel": level,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS},
    }


@pytest.mark.parametrize(
    ("action", "payload", "word"),
    [
        ("ReserveNow", {"connectorId": 1}, "Reservation"),
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}, "RemoteTrigger"),
        ("UnlockConnector", {"connectorId": 9}, "9"),
        ("UnlockConnector", {"connectorId": 0}, "0"),
        ("RemoteStartTransaction", {"connectorId": 9, "idTag": "T"}, "9"),
        ("RemoteStopTransaction", {"transactionId": 7}, "session"),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "abc"}, "HeartbeatInterval"),
        ("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "3"}, "read-only"),
        ("ChangeConfiguration", {"key": "nonsense", "value": "3"}, "not know"),
        ("GetConfiguration", {"key": ["A", "B", "C"]}, "2 keys"),
        ("SendLocalList", {"listVersion": 1, "localAuthorizationList": LIST}, "1 tokens"),
        ("SendLocalList", {"listVersion": 0}, "Versions"),
        (
            "SetChargingProfile",
            {"connectorId": 1, "csChargingProfiles": profile(level=5)},
            "stackLevel",
        ),
        (
            "RemoteStartTransaction",
            {"idTag": "T", "chargingProfile": profile()},
            "chargingProfilePurpose",
        ),
    ],
)
def test_each_reason_is_said(action, payload, word, charger, english):
    (doubt,) = doubts_of(charger, action, payload)
    assert word in doubt


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Reset", {"type": "Soft"}),
        ("UnlockConnector", {"connectorId": 2}),
        ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
        ("RemoteStartTransaction", {"idTag": "T"}),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "300"}),
        ("ChangeConfiguration", {"key": "Vendor.Thing", "value": ""}),
        ("GetConfiguration", {}),
        ("SendLocalList", {"listVersion": 1}),
        ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile()}),
        ("GetLog", {"logType": "SecurityLog"}),
        ("VendorThing", {}),
    ],
)
def test_what_is_plausible_or_unknown_raises_no_doubt(action, payload, charger):
    assert doubts_of(charger, action, payload) == []


def test_a_charger_that_has_said_nothing_is_not_doubted():
    silent = make_charger()
    payload = {"listVersion": 1, "localAuthorizationList": LIST}
    assert doubts_of(silent, "SendLocalList", payload) == []
    assert doubts_of(silent, "CancelReservation", {"reservationId": 1}) == []


def test_a_running_session_may_be_stopped_and_an_ended_one_hardly(charger):
    make_token("TAG")
    number = send_one(charger, start("TAG")).transaction_id
    payload = {"transactionId": number}
    assert doubts_of(charger, "RemoteStopTransaction", payload) == []
    send_one(charger, stop(number))
    assert len(doubts_of(charger, "RemoteStopTransaction", payload)) == 1
    assert len(doubts_of(make_charger(), "RemoteStopTransaction", payload)) == 1
