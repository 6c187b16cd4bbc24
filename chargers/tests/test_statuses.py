"""StatusNotification and BootNotification: state by the charger's time (reference §2.13)."""

from __future__ import annotations

import pytest

from chargers.events import ChargerPresenceChanged, ConnectorStatusChanged, SessionStarted
from chargers.models import (
    ChargingSession,
    Connector,
    ConnectorStatusChange,
)
from chargers.store.work import Boot, StatusReport
from chargers.tests.factories import (
    at,
    make_charger,
    make_token,
    send_one,
    start,
)
from unievp.lib import clock, events


@pytest.fixture
def heard():
    """Events that were delivered."""
    delivered = []
    kinds = (ChargerPresenceChanged, ConnectorStatusChanged, SessionStarted)
    for kind in kinds:
        events.subscribe(kind, delivered.append)
    yield delivered
    for kind in kinds:
        events.unsubscribe(kind, delivered.append)


def status(number, word, seconds=0, error="NoError"):
    return StatusReport(number, word, error, at(seconds))


@pytest.mark.proves("StatusNotification")
@pytest.mark.django_db
def test_status_goes_by_the_chargers_time_not_by_arrival():
    charger = make_charger()
    send_one(charger, status(1, "Charging", 20))
    send_one(charger, status(1, "Preparing", 10))
    send_one(charger, status(1, "Preparing", 10))
    connector = Connector.objects.get(charger=charger, number=1)
    assert (connector.status, connector.status_at) == ("Charging", at(20))
    changes = ConnectorStatusChange.objects.filter(charger=charger)
    assert [row.status for row in changes] == ["Charging", "Preparing"]


@pytest.mark.django_db
def test_status_from_a_clock_that_is_ahead_does_not_freeze_the_connector():
    charger = make_charger()
    send_one(charger, status(1, "Charging", 80_000))
    send_one(charger, status(1, "Finishing", 81_000))
    now = int((clock.now() - at(0)).total_seconds()) + 5
    send_one(charger, status(1, "Available", now), received_at=at(now + 1))
    assert Connector.objects.get(charger=charger, number=1).status == "Available"


@pytest.mark.django_db
def test_status_of_the_whole_charger_is_the_chargers():
    charger = make_charger()
    send_one(charger, status(0, "Faulted", 5, "GroundFailure"))
    charger.refresh_from_db()
    assert (charger.status, charger.error_code) == ("Faulted", "GroundFailure")
    send_one(charger, status(0, "Charging", 6))
    charger.refresh_from_db()
    assert charger.status == "Available"
    assert charger.status_changes.first().status == "Charging"


@pytest.mark.django_db
def test_unknown_connector_is_made_with_its_first_status():
    charger = make_charger(connectors=1, max_power_w=150_000)
    send_one(charger, status(4, "Available"))
    connector = Connector.objects.get(charger=charger, number=4)
    assert (connector.status, connector.max_power_w) == ("Available", 150_000)


@pytest.mark.proves("StatusNotification")
@pytest.mark.django_db
def test_unknown_words_do_not_lose_the_status():
    charger = make_charger()
    send_one(charger, status(1, "Dreaming", 0, "VendorSpecificBadness" * 9))
    connector = Connector.objects.get(charger=charger, number=1)
    assert (connector.status, len(connector.error_code)) == ("Unknown", 64)
    assert charger.status_changes.get().status == "Dreaming"


@pytest.mark.django_db
def test_late_status_is_not_told(heard, django_capture_on_commit_callbacks):
    charger = make_charger()
    with django_capture_on_commit_callbacks(execute=True):
        send_one(charger, status(1, "Charging", 20))
        send_one(charger, status(1, "Preparing", 10))
    assert heard == [ConnectorStatusChanged(charger.pk, 1, "Charging")]


@pytest.mark.django_db
def test_boot_keeps_what_the_charger_says_of_itself():
    charger = make_charger(heartbeat_interval_s=60, registration="Pending")
    answer = send_one(charger, Boot("V" * 99, "M", "SN1", "1.0"))
    assert (answer.registration, answer.interval_s) == ("Pending", 60)
    send_one(charger, Boot("Vendor", "M", firmware_version="2.0"))
    charger.refresh_from_db()
    assert (charger.vendor, charger.serial_number, charger.firmware_version) == (
        "Vendor",
        "SN1",
        "2.0",
    )
    assert charger.booted_at is not None


@pytest.mark.django_db
def test_boot_does_not_end_a_session():
    make_token("A")
    charger = make_charger()
    send_one(charger, start("A"))
    send_one(charger, Boot("V", "M"))
    assert ChargingSession.objects.get().status == "active"
