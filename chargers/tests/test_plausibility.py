"""What cannot be true is kept, moves nothing, says why, and is never billed by itself."""

from __future__ import annotations

import json

import pytest

from chargers.models import BillingStatus, ChargingSession, Connector, MeterReading, OrphanStop
from chargers.ocpp.messages import Caller
from chargers.ocpp.protocol import Peer
from chargers.ocpp.routes import plan_call
from chargers.store import inbound
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

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    make_token("A")
    return make_charger()


def begin(charger, **values):
    answer = send_one(charger, start("A", **values), received_at=at(1))
    return answer.transaction_id


def measure(charger, number, seconds, register=None, **values):
    work = meter_values(number, reading(seconds, register, **values))
    send_one(charger, work, received_at=at(seconds + 1))
    return ChargingSession.objects.get().energy_wh


def end(charger, number, *, meter, seconds=100):
    send_one(charger, stop(number, meter=meter, seconds=seconds), received_at=at(seconds + 1))
    return ChargingSession.objects.get()


def doubts():
    rows = MeterReading.objects.order_by("measured_at")
    return [row.adjustments[-1] if row.adjustments else None for row in rows]


@pytest.mark.proves("pain 34")
def test_leap_beyond_the_connectors_power_moves_nothing_and_says_why(charger):
    number = begin(charger)
    assert measure(charger, number, 10, 1030) == 30
    # 22 kW for 20 s and 10 %, and 2 kWh of slack: 2134 Wh.
    assert measure(charger, number, 20, 1000 + 2200) == 30
    assert measure(charger, number, 30, 1060) == 60
    assert doubts() == [None, "energy_wh: more than time and power allow", None]


@pytest.mark.parametrize(("power", "moved"), [(3_700, 30), (150_000, 2530), (0, 2530)])
def test_gate_is_as_wide_as_the_connector_is_strong(charger, power, moved):
    Connector.objects.filter(charger=charger).update(max_power_w=power)
    number = begin(charger)
    measure(charger, number, 10, 1030)
    assert measure(charger, number, 60, 3530) == moved


@pytest.mark.proves("pain 36")
def test_register_in_kwh_labelled_wh_moves_nothing(charger):
    number = begin(charger, meter=12_345_000)
    assert measure(charger, number, 10, 12_345) == 0
    assert measure(charger, number, 20, 12_345_090) == 90
    assert doubts() == ["energy_wh: reads like kWh labelled Wh", None]


def test_register_times_1000_moves_nothing(charger):
    number = begin(charger)
    assert measure(charger, number, 10, 1_030_000) == 0
    assert doubts() == ["energy_wh: more than time and power allow"]


def test_register_that_went_back_is_doubted(charger):
    number = begin(charger, meter=5_000)
    measure(charger, number, 10, 5_500)
    assert measure(charger, number, 20, 5_200) == 500
    assert measure(charger, number, 30, 4_000) == 500
    assert doubts() == [
        None,
        "energy_wh: below an earlier reading",
        "energy_wh: below the meter at the start",
    ]


def test_impossible_interval_is_not_summed(charger):
    number = begin(charger)
    measure(charger, number, 10, interval_wh=30)
    assert measure(charger, number, 20, interval_wh=90_000) == 30


@pytest.mark.proves("own 13")
def test_charger_that_knows_only_intervals_is_billed_by_them(charger):
    number = begin(charger, meter=0)
    measure(charger, number, 10, interval_wh=30)
    measure(charger, number, 20, interval_wh=40)
    session = end(charger, number, meter=0)
    assert (session.energy_wh, session.billing_status) == (70, BillingStatus.UNBILLED)
    assert "the energy of the intervals counts" in session.status_changes.last().reason


@pytest.mark.proves("quirk 20", "pain 35")
def test_stop_one_wh_below_the_start_is_zero_and_says_so(charger):
    session = end(charger, begin(charger, meter=5_000), meter=4_999)
    assert (session.energy_wh, session.billing_status) == (0, BillingStatus.UNBILLED)
    assert session.meter_stop_wh == 4_999
    change = session.status_changes.last()
    assert change.reason == "The meter at the stop is 1 Wh below the start: taken as 0"


@pytest.mark.proves("quirk 19")
def test_stop_that_counts_the_session_only_is_borne_out_by_its_readings(charger):
    number = begin(charger, meter=5_000_000)
    measure(charger, number, 20, 400)
    measure(charger, number, 90, 480)
    session = end(charger, number, meter=500)
    assert (session.energy_wh, session.billing_status) == (500, BillingStatus.UNBILLED)


@pytest.mark.proves("pain 34", "pain 35")
def test_meter_that_fell_at_the_stop_is_held_with_the_energy_of_its_readings(charger):
    number = begin(charger, meter=5_000_000)
    measure(charger, number, 20, 5_000_400)
    session = end(charger, number, meter=12)
    assert (session.energy_wh, session.billing_status) == (400, BillingStatus.HELD)
    assert session.hold_reason == "The meter at the stop is below the meter at the start"


def test_session_that_ends_before_it_begins_is_held(charger):
    number = begin(charger, seconds=50)
    session = end(charger, number, meter=1_010, seconds=40)
    assert (session.ended_at, session.billing_status) == (at(50), BillingStatus.HELD)
    assert session.hold_reason == "It ends before it begins"
    end(charger, number, meter=1_010, seconds=40)
    assert not OrphanStop.objects.exists()


def say(charger, action, payload, *, received_at):
    """A frame through the decoder, as the ocpp process takes it."""
    caller = Caller(charger.pk, charger.cpo_id, charger.identity, "Accepted")
    text = json.dumps([2, "m", action, payload])
    (call,) = Peer().feed(text)
    planned = plan_call(caller, call, text, received_at)
    (answer,) = inbound.write([planned[0]])
    kind, _message_id, body = json.loads(answer)
    assert kind == 3
    return body


@pytest.mark.proves("quirk 3", "own 11")
@pytest.mark.parametrize("when", ["1970-01-01T00:00:12Z", "2099-01-01T00:00:00Z", "soon", None])
def test_impossible_times_are_those_of_the_arrival_and_copies_meet(charger, when):
    begun = {"connectorId": 1, "idTag": "A", "meterStart": 1000, "timestamp": when}
    first = say(charger, "StartTransaction", begun, received_at=at(0))
    again = say(charger, "StartTransaction", begun, received_at=at(8))
    assert again == first
    ended = {"transactionId": first["transactionId"], "meterStop": 1200, "timestamp": when}
    for seconds in (60, 70):
        say(charger, "StopTransaction", ended, received_at=at(seconds))
    session = ChargingSession.objects.get()
    assert (session.started_at, session.ended_at) == (at(0), at(60))
    assert (session.energy_wh, session.billing_status) == (200, BillingStatus.UNBILLED)
    assert not OrphanStop.objects.exists()


@pytest.mark.proves("quirk 20")
def test_missing_meter_start_never_bills_the_lifetime_register(charger):
    begun = {"connectorId": 1, "idTag": "A", "meterStart": None, "timestamp": at(0).isoformat()}
    number = say(charger, "StartTransaction", begun, received_at=at(1))["transactionId"]
    session = end(charger, number, meter=81_000_000)
    assert (session.energy_wh, session.billing_status) == (0, BillingStatus.HELD)
    assert "meterStart missing" in session.status_changes.first().reason


@pytest.mark.proves("quirk 7", "own 3", "pain 22")
@pytest.mark.parametrize("number", [9223372036854775807, 10**30, -7, "abc", None, 3.5])
def test_stop_and_values_of_any_transaction_id_get_a_result(charger, number):
    value = {"timestamp": at(10).isoformat(), "sampledValue": [{"value": "1040"}]}
    values = {"connectorId": 1, "transactionId": number, "meterValue": [value]}
    begin(charger)
    assert say(charger, "MeterValues", values, received_at=at(11)) == {}
    assert ChargingSession.objects.get().energy_wh == 40
    ended = {"transactionId": number, "idTag": "A", "meterStop": 1200}
    ended["timestamp"] = at(60).isoformat()
    answer = say(charger, "StopTransaction", ended, received_at=at(61))
    assert answer["idTagInfo"]["status"] == "Accepted"
    assert ChargingSession.objects.get().status == "ended"


@pytest.mark.proves("quirk 8")
def test_id_tag_with_control_bytes_and_too_many_characters_starts_and_stops(charger):
    begun = {"connectorId": 1, "idTag": "\x02A\x00\x03", "meterStart": 1000}
    begun["timestamp"] = at(0).isoformat()
    answer = say(charger, "StartTransaction", begun, received_at=at(1))
    assert answer["idTagInfo"]["status"] == "Accepted"
    ended = {"transactionId": answer["transactionId"], "idTag": "A" * 40, "meterStop": 1100}
    ended["timestamp"] = at(60).isoformat()
    assert say(charger, "StopTransaction", ended, received_at=at(61))["idTagInfo"]
    assert ChargingSession.objects.get().stop_id_tag == "A" * 40


@pytest.mark.proves("pain 26")
def test_start_is_answered_with_an_id_and_a_verdict_whatever_the_verdict(charger):
    begun = {"connectorId": 1, "idTag": "NOBODY", "meterStart": 1, "timestamp": at(0).isoformat()}
    answer = say(charger, "StartTransaction", begun, received_at=at(1))
    assert answer["idTagInfo"] == {"status": "Invalid"}
    assert answer["transactionId"] >= 1
