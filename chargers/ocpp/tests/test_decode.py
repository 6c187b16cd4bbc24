import json
from zoneinfo import ZoneInfo

import pytest

from chargers.ocpp.protocol import ErrorCode, Peer
from chargers.ocpp.routes import Refusal, plan_call
from chargers.ocpp.tests.planning import AT, RECEIVED, START, STOP, TIME, caller, plan, work
from chargers.store.work import (
    Authorize,
    Boot,
    Heartbeat,
    MeterValues,
    StartTransaction,
    StatusReport,
    StopTransaction,
)


def test_boot():
    request = work(
        "BootNotification",
        {
            "chargePointVendor": " V\n",
            "chargePointModel": "M" * 99,
            "chargeBoxSerialNumber": "S1",
            "firmwareVersion": "1.0",
            "meterType": "AC",
        },
    )
    assert request == Boot("V", "M" * 64, "S1", "1.0")


def test_a_blank_vendor_may_boot():
    payload = {"chargePointModel": "ACChargePoint", "chargePointVendor": ""}
    assert work("BootNotification", payload) == Boot("", "ACChargePoint")


def test_heartbeat_and_authorize():
    assert work("Heartbeat", None) == Heartbeat()
    assert work("Authorize", {"idTag": "ABC\u0000"}) == Authorize("ABC")


def test_status_without_a_timestamp_is_of_now():
    payload = {"connectorId": 0, "status": "Faulted", "errorCode": "GroundFailure", "info": "null"}
    assert work("StatusNotification", payload) == StatusReport(
        0, "Faulted", "GroundFailure", RECEIVED, "null"
    )


def test_status_with_everything():
    payload = {
        "connectorId": 2,
        "status": "SuspendedEVSE",
        "errorCode": "OtherError",
        "info": "x",
        "timestamp": TIME,
        "vendorId": "v",
        "vendorErrorCode": "0x00",
    }
    assert work("StatusNotification", payload) == StatusReport(
        2, "SuspendedEVSE", "OtherError", AT, "x", "0x00"
    )


def test_a_connector_out_of_range_is_a_property_constraint_violation():
    refusal = plan(
        "StatusNotification", {"connectorId": -1, "status": "Available", "errorCode": "NoError"}
    )
    assert refusal == Refusal(
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "connectorId is out of range"
    )


def test_start():
    assert work("StartTransaction", START) == StartTransaction(1, "TAG123", 5, AT)
    assert work("StartTransaction", START | {"reservationId": 3}).reservation_id == 3


@pytest.mark.parametrize(
    ("change", "field", "value", "note"),
    [
        ({"meterStart": "12"}, "meter_start_wh", 12, None),
        ({"meterStart": 12.4}, "meter_start_wh", 12, None),
        ({"meterStart": None}, "meter_start_wh", 0, "meterStart missing"),
        ({"meterStart": "x"}, "meter_start_wh", 0, "meterStart unreadable"),
        ({"meterStart": 10**30}, "meter_start_wh", 0, "meterStart unreadable"),
        ({"meterStart": 10**17}, "meter_start_wh", 0, "meterStart impossible"),
        ({"meterStart": -1}, "meter_start_wh", 0, "meterStart negative"),
        ({"connectorId": None}, "connector_number", 1, "connectorId unusable: taken as 1"),
        ({"connectorId": 0}, "connector_number", 1, "connectorId unusable: taken as 1"),
        ({"connectorId": "2"}, "connector_number", 2, None),
        ({"idTag": "A" * 22}, "id_tag", "A" * 22, None),
        ({"idTag": "\u0001 A\u0000B "}, "id_tag", "AB", None),
        ({"idTag": None}, "id_tag", "", None),
        ({"idTag": 123}, "id_tag", "123", None),
        ({"timestamp": "2026-02-01T12:30:00+03"}, "started_at", AT, None),
        ({"timestamp": "2026-02-01T09:30:00"}, "started_at", AT, "no offset"),
        ({"timestamp": None}, "started_at", RECEIVED, "no timestamp"),
        ({"vendor": {"x": 1}}, "meter_start_wh", 5, None),
        ({"reservationId": 10**12}, "reservation_id", None, None),
    ],
)
def test_a_start_is_never_refused(change, field, value, note):
    request = work("StartTransaction", START | change)
    assert getattr(request, field) == value
    assert request.adjustments == ((note,) if note else ())


def test_a_copy_of_a_start_without_a_clock_has_the_same_content():
    """By which the store gives it the time of the first one (test_arrivals)."""
    payload = START | {"timestamp": "1970-01-01T00:00:10Z", "idTag": "COPY"}
    first, _ = plan("StartTransaction", payload)
    text = json.dumps([2, "other-id", "StartTransaction", dict(reversed(payload.items()))])
    (call,) = Peer().feed(text)
    copy, _ = plan_call(caller(), call, text, RECEIVED.replace(minute=3))
    assert copy.content == first.content is not None
    other, _ = plan("StartTransaction", payload | {"meterStart": 6})
    assert other.content != first.content
    assert plan("StartTransaction", START)[0].content is None


def test_a_local_clock_is_read_in_its_zone():
    who = caller(tz=ZoneInfo("Asia/Jakarta"))
    request = work("StartTransaction", START | {"timestamp": "2026-02-01T16:30:00"}, who)
    assert request.started_at == AT


def test_stop():
    assert work("StopTransaction", STOP) == StopTransaction(9, 100, AT)
    full = STOP | {
        "idTag": "T",
        "reason": "PowerLoss",
        "transactionData": [{"timestamp": TIME, "sampledValue": [{"value": "99"}]}],
    }
    request = work("StopTransaction", full)
    assert (request.id_tag, request.reason) == ("T", "PowerLoss")
    assert [reading.energy_wh for reading in request.readings] == [99]


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"transactionId": None}, "transaction_id", -1),
        ({"transactionId": 0}, "transaction_id", 0),
        ({"transactionId": "9"}, "transaction_id", 9),
        ({"transactionId": 2**63 - 1}, "transaction_id", 2**63 - 1),
        ({"transactionId": 2**63}, "transaction_id", -1),
        ({"transactionId": "abc"}, "transaction_id", -1),
        ({"meterStop": 100.6}, "meter_stop_wh", 101),
        ({"reason": None}, "reason", "Local"),
        ({"reason": "Vendor" * 20}, "reason", ("Vendor" * 20)[:32]),
        ({"idTag": "B" * 22}, "id_tag", "B" * 22),
        ({"transactionData": "x"}, "readings", ()),
    ],
)
def test_a_stop_is_never_refused(change, field, value):
    assert getattr(work("StopTransaction", STOP | change), field) == value


def test_a_stop_without_a_meter_takes_the_latest_register():
    data = [{"timestamp": TIME, "sampledValue": [{"value": "99"}]}]
    request = work("StopTransaction", STOP | {"meterStop": None, "transactionData": data})
    assert request.meter_stop_wh == 99
    assert request.adjustments == ("meterStop missing",)


def test_meter_values():
    payload = {
        "connectorId": 1,
        "transactionId": 4,
        "meterValue": [{"timestamp": TIME, "sampledValue": [{"value": 7.5, "unit": "kWh"}]}],
    }
    request = work("MeterValues", payload)
    assert (request.connector_number, request.transaction_id) == (1, 4)
    assert request.readings[0].energy_wh == 7500


@pytest.mark.proves("MeterValues", "pain 57")
@pytest.mark.parametrize("payload", [{}, {"connectorId": None}, {"meterValue": 5}])
def test_meter_values_are_never_refused(payload):
    assert work("MeterValues", payload) == MeterValues(0, None, ())


@pytest.mark.proves("own 14", "quirk 16")
@pytest.mark.parametrize("unit", ["Celcius", "Celsius", "CELCIUS"])
def test_both_spellings_of_celsius_are_understood_also_in_a_stop(unit):
    samples = [{"value": "21.5", "measurand": "Temperature", "unit": unit, "location": "Body"}]
    data = [{"timestamp": TIME, "sampledValue": samples}]
    request = work("StopTransaction", STOP | {"transactionData": data})
    assert request.readings[0].temperature_mc == 21_500
    assert request.readings[0].adjustments == ()
