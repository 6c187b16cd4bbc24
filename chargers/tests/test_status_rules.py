"""StatusNotification (OCPP 1.6 §4.9): kept as sent, judged by its own time, never refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from chargers.models import (
    Charger,
    ChargingSession,
    Connector,
    ConnectorStatusChange,
    Presence,
)
from chargers.ocpp.tests.fleet import make_charger
from chargers.ocpp.tests.wire import Wire
from chargers.selectors import statuses
from chargers.store import presence
from cpo.models import User
from unievp.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, settings):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    client.force_login(User.objects.create_superuser("root", "root@staff.example"))
    return client


def payload(number, status, **more):
    return {"connectorId": number, "errorCode": "NoError", "status": status, **more}


@pytest.mark.proves("StatusNotification", "pain 57")
@pytest.mark.parametrize(
    "fields",
    [
        {"errorCode": "Error"},
        {"errorCode": ""},
        {"vendorErrorCode": "0x" + "f" * 80},
        {"info": "x" * 300, "vendorId": ""},
        {"timestamp": "not a time"},
        {"unknownField": {"a": 1}},
        {"info": 7},
    ],
)
def test_no_field_of_a_status_loses_the_status(fields):
    charger = make_charger("CP1")
    assert Wire(charger).call("StatusNotification", payload(1, "Charging", **fields)) == {}
    assert charger.connectors.get(number=1).status == "Charging"


def test_an_unknown_error_code_is_kept_as_it_is():
    charger = make_charger("CP1")
    report = payload(1, "Faulted", errorCode="Overheated", vendorErrorCode="E42", info="hot")
    Wire(charger).call("StatusNotification", report)
    row = charger.connectors.get(number=1)
    assert (row.error_code, row.vendor_error_code, row.info) == ("Overheated", "E42", "hot")


@pytest.mark.proves("StatusNotification")
def test_the_status_goes_by_its_time_not_by_its_arrival():
    charger = make_charger("CP1")
    wire = Wire(charger)
    wire.call("StatusNotification", payload(1, "Charging", timestamp="2026-03-04T05:10:00Z"))
    wire.call("StatusNotification", payload(1, "Available", timestamp="2026-03-04T05:00:00Z"))
    assert charger.connectors.get(number=1).status == "Charging"
    assert ConnectorStatusChange.objects.count() == 2
    before = clock.now()
    # Without a time it is that of its arrival.
    wire.call("StatusNotification", payload(1, "Finishing"))
    row = charger.connectors.get(number=1)
    assert row.status == "Finishing"
    assert before <= row.status_at <= clock.now()


@pytest.mark.proves("pain 52")
def test_connector_0_is_the_charger_and_overrides_no_connector():
    charger = make_charger("CP1")
    wire = Wire(charger)
    wire.call("StatusNotification", payload(1, "Charging"))
    wire.call("StatusNotification", payload(0, "Faulted", errorCode="GroundFailure"))
    charger.refresh_from_db()
    assert (charger.status, charger.error_code) == ("Faulted", "GroundFailure")
    assert charger.connectors.get(number=1).status == "Charging"
    assert not Connector.objects.filter(number=0).exists()
    # A word that is not said of a whole charger: it works.
    wire.call("StatusNotification", payload(0, "Charging"))
    charger.refresh_from_db()
    assert charger.status == "Available"


def test_unknown_connectors_are_made_up_to_the_size_of_the_largest_site():
    charger = make_charger("CP1")
    wire = Wire(charger)
    for number in (3, 64, 65, 30_000):
        assert wire.call("StatusNotification", payload(number, "Available")) == {}
    numbers = list(charger.connectors.order_by("number").values_list("number", flat=True))
    assert numbers == [1, 2, 3, 64]
    assert ConnectorStatusChange.objects.count() == 4
    Connector.objects.create(charger=charger, number=65)
    wire.call("StatusNotification", payload(65, "Charging"))
    assert charger.connectors.get(number=65).status == "Charging"


@pytest.mark.proves("client 31", "pain 33")
def test_available_and_the_next_sessions_status_before_the_old_stop_end_nothing():
    charger = make_charger("CP1")
    wire = Wire(charger)
    start = {"connectorId": 1, "idTag": "T", "meterStart": 5, "timestamp": "2026-03-04T05:00:00Z"}
    number = wire.call("StartTransaction", start)["transactionId"]
    for minute, word in ((10, "Available"), (11, "Preparing")):
        time = f"2026-03-04T05:{minute}:00Z"
        wire.call("StatusNotification", payload(1, word, timestamp=time))
    assert ChargingSession.objects.get().status == "active"
    value = {"timestamp": "2026-03-04T05:12:00Z", "sampledValue": [{"value": "900"}]}
    wire.call("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": [value]})
    assert ChargingSession.objects.get().energy_wh == 895
    stop = {"transactionId": number, "meterStop": 1000, "timestamp": "2026-03-04T05:13:00Z"}
    wire.call("StopTransaction", stop)
    session = ChargingSession.objects.get()
    assert (session.status, session.energy_wh) == ("ended", 995)


@pytest.mark.parametrize(
    ("before", "status", "foreseen"),
    [
        ("Available", "Preparing", True),
        ("Preparing", "Finishing", True),
        ("Finishing", "Charging", False),
        ("Reserved", "Charging", False),
        ("Available", "Finishing", False),
        ("Charging", "Charging", True),
        (None, "Charging", True),
        ("Sleeping", "Charging", True),
        ("Charging", "Sleeping", True),
        ("Faulted", "Unavailable", True),
    ],
)
def test_what_may_follow_what(before, status, foreseen):
    assert statuses.is_foreseen(before, status) is foreseen


def test_odd_changes_are_hints_on_the_page_and_nothing_else(staff):
    wire = Wire(make_charger("CP1"))
    for minute, word in enumerate(("Available", "Finishing", "Charging")):
        time = f"2026-03-04T05:0{minute}:00Z"
        assert wire.call("StatusNotification", payload(1, word, timestamp=time)) == {}
    wire.call("StatusNotification", payload(2, "Available", errorCode="WeakSignal"))
    wire.call("StatusNotification", payload(0, "Charging"))
    page = staff.get(reverse("admin:chargers_connectorstatuschange_changelist"))
    text = page.content.decode()
    assert text.count("not foreseen after Available") == 1
    assert text.count("not foreseen after Finishing") == 1
    assert text.count("a warning, no fault") == 1
    assert text.count("not a status of a whole charger") == 1


@pytest.mark.proves("pain 9")
def test_the_status_of_a_charger_that_is_gone_is_the_last_one_known(staff):
    charger = make_charger("CP1")
    Connector.objects.filter(charger=charger).update(status="Charging")
    url = reverse("admin:chargers_connector_changelist")
    row = Presence.objects.create(charger=charger, online=True, last_seen_at=clock.now())
    assert "offline since" not in staff.get(url).content.decode()
    row.online, row.disconnected_at = False, clock.now()
    row.save()
    assert staff.get(url).content.decode().count("Charging, offline since") == 2
    row.delete()
    assert staff.get(url).content.decode().count("Charging, offline") == 2


@pytest.mark.proves("pain 4", "Heartbeat")
def test_a_charger_is_offline_after_three_heartbeats_not_after_one():
    assert settings.OFFLINE_AFTER_HEARTBEATS >= 3
    now = clock.now()
    charger = make_charger("CP1", heartbeat_interval_s=60)
    Presence.objects.create(
        charger=charger, online=True, connected_at=now - timedelta(hours=1), last_seen_at=now
    )
    three = timedelta(seconds=60 * settings.OFFLINE_AFTER_HEARTBEATS)
    # `last_seen_at` may be SEEN_EVERY_S behind the last word of the charger.
    late = three + timedelta(seconds=presence.SEEN_EVERY_S)
    assert presence.mark_silent_offline(now + three) == []
    assert presence.mark_silent_offline(now + late) == []
    assert presence.mark_silent_offline(now + late + timedelta(seconds=1)) == [charger.pk]
    assert presence.mark_silent_offline(now + late + timedelta(seconds=2)) == []


def test_the_interval_told_at_boot_is_the_one_that_silence_is_measured_by():
    charger = make_charger("CP1", heartbeat_interval_s=120)
    boot = {"chargePointVendor": "V", "chargePointModel": "M"}
    assert Wire(charger).call("BootNotification", boot)["interval"] == 120
    Charger.objects.update(heartbeat_interval_s=None)
    charger.refresh_from_db()
    answer = Wire(charger).call("BootNotification", boot)
    assert answer["interval"] == settings.HEARTBEAT_INTERVAL


@pytest.mark.proves("Heartbeat", "quirk 4", "client 30")
def test_our_time_is_always_whole_seconds_and_z():
    wire = Wire(make_charger("CP1"))
    for answer in (
        wire.call("Heartbeat", {}),
        wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}),
    ):
        text = answer["currentTime"]
        assert len(text) == len("2026-03-04T05:06:07Z")
        assert text.endswith("Z")
        assert abs(clock.now() - clock.now().fromisoformat(text)) < timedelta(minutes=1)
