"""Copies of a message without a usable time meet the first one, whoever takes them and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.models import ChargingSession, ConnectorStatusChange, FirstArrival, MeterReading
from chargers.ocpp.tests.fleet import make_charger
from chargers.ocpp.tests.wire import Wire
from chargers.store.arrivals import forget_arrivals
from unievp.lib import clock

UNSET = "1970-01-01T00:00:10Z"
START = {"connectorId": 1, "idTag": "T", "meterStart": 5, "timestamp": UNSET}


def at_intervals(charger, action, payload, *minutes):
    """The same call on a new connection after each of `minutes`: nothing is kept in memory."""
    begin = clock.now() - timedelta(days=2)
    answers = []
    for minute in minutes:
        wire = Wire(charger)
        wire.now = begin + timedelta(minutes=minute)
        answers.append(wire.call(action, payload))
    return begin, answers


@pytest.mark.django_db
@pytest.mark.proves("quirk 3", "own 11", "quirk 6")
def test_a_start_of_1970_sent_again_is_one_session_of_its_first_arrival():
    charger = make_charger("CP1")
    begin, (first, copy) = at_intervals(charger, "StartTransaction", START, 0, 14)
    session = ChargingSession.objects.get()
    assert first["transactionId"] == copy["transactionId"] == session.transaction_id
    assert session.started_at == begin


@pytest.mark.django_db
def test_the_same_words_much_later_are_another_start():
    charger = make_charger("CP1")
    at_intervals(charger, "StartTransaction", START, 0, 40)
    assert ChargingSession.objects.count() == 2


@pytest.mark.django_db
def test_a_stop_of_1970_sent_again_ends_the_session_once():
    charger = make_charger("CP1")
    _, (started,) = at_intervals(charger, "StartTransaction", START, 0)
    stop = {"transactionId": started["transactionId"], "meterStop": 50, "timestamp": UNSET}
    stop["transactionData"] = [{"timestamp": UNSET, "sampledValue": [{"value": "50"}]}]
    begin, _ = at_intervals(charger, "StopTransaction", stop, 1, 3)
    assert ChargingSession.objects.get().ended_at == begin + timedelta(minutes=1)
    assert MeterReading.objects.count() == 1


@pytest.mark.django_db
def test_readings_without_a_time_are_stored_once_and_told_apart_by_what_they_say():
    charger = make_charger("CP1")
    values = [
        {"timestamp": UNSET, "sampledValue": [{"value": "50"}]},
        {"timestamp": "1970-01-01T00:01:10Z", "sampledValue": [{"value": "50"}]},
        {"sampledValue": [{"value": "51"}]},
    ]
    payload = {"connectorId": 1, "meterValue": values}
    begin, _ = at_intervals(charger, "MeterValues", payload, 0, 5)
    rows = MeterReading.objects.order_by("energy_wh")
    assert [row.energy_wh for row in rows] == [50, 50, 51]
    assert {row.measured_at for row in rows} == {begin}
    assert rows[0].adjustments == ["timestamp before the clock was set"]
    assert rows[2].adjustments == ["no timestamp"]
    assert rows[0].samples == [{"value": "50"}]


@pytest.mark.django_db
def test_a_status_of_1970_sent_again_is_one_change():
    charger = make_charger("CP1")
    payload = {"connectorId": 1, "errorCode": "NoError", "status": "Faulted", "timestamp": UNSET}
    begin, _ = at_intervals(charger, "StatusNotification", payload, 0, 5)
    assert ConnectorStatusChange.objects.get().reported_at == begin


@pytest.mark.django_db
def test_two_chargers_without_a_clock_do_not_meet():
    for identity in ("CP1", "CP2"):
        at_intervals(make_charger(identity), "StartTransaction", START, 0)
    assert ChargingSession.objects.count() == 2
    assert FirstArrival.objects.count() == 2


@pytest.mark.django_db
def test_a_usable_time_leaves_no_trace():
    usable = START | {"timestamp": "2026-03-04T05:06:07"}
    at_intervals(make_charger("CP1"), "StartTransaction", usable, 0)
    assert not FirstArrival.objects.exists()


@pytest.mark.django_db
def test_first_arrivals_are_forgotten_after_a_day():
    at_intervals(make_charger("CP1"), "StartTransaction", START, 0)
    begin = clock.now() - timedelta(days=2)
    assert forget_arrivals(begin + timedelta(hours=23)) == 0
    assert forget_arrivals(begin + timedelta(hours=25)) == 1
