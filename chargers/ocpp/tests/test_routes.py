import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargers.ocpp import routes, schemas
from chargers.ocpp.messages import Caller
from chargers.ocpp.protocol import Call, ErrorCode, Peer
from chargers.ocpp.routes import Refusal, plan_call
from chargers.store.work import (
    Authorize,
    Boot,
    BootResult,
    Heartbeat,
    IdTagInfo,
    LogOnly,
    MeterValues,
    StartResult,
    StartTransaction,
    StatusReport,
    StopTransaction,
)

RECEIVED = datetime(2026, 2, 1, 12, 0, 0, tzinfo=UTC)
AT = datetime(2026, 2, 1, 9, 30, 0, tzinfo=UTC)
TIME = "2026-02-01T09:30:00Z"


def caller(registration="Accepted", tz=UTC):
    return Caller(7, "cpo", "CP1", registration, tz)


def plan(action, payload, who=None):
    text = json.dumps([2, "m1", action, payload])
    (call,) = Peer().feed(text)
    assert isinstance(call, Call)
    return plan_call(who or caller(), call, text, RECEIVED)


def work(action, payload, who=None):
    planned = plan(action, payload, who)
    assert not isinstance(planned, Refusal)
    return planned[0].work


def answer(action, payload, result=None):
    inbound, _ = plan(action, payload)
    text = inbound.render(result)
    kind, message_id, body = json.loads(text)
    assert (kind, message_id) == (3, "m1")
    assert schemas.is_valid_response(action, body)
    return body


def test_the_table_has_all_14_and_26_actions():
    assert set(routes.INWARD) == schemas.ACTIONS_IN
    assert set(routes.OUTWARD) == schemas.ACTIONS_OUT
    pending = {name for name, route in routes.OUTWARD.items() if not route.before_accepted}
    assert pending == {"RemoteStartTransaction", "RemoteStopTransaction"}


def test_the_inbound_item_carries_the_frame():
    inbound, _ = plan("Heartbeat", {})
    assert (inbound.charger_pk, inbound.cpo_id, inbound.message_id) == (7, "cpo", "m1")
    assert (inbound.action, inbound.received_at) == ("Heartbeat", RECEIVED)
    assert inbound.request == '[2, "m1", "Heartbeat", {}]'
    assert inbound.outcome == "result"


# --- requests -------------------------------------------------------------------------------------


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


START = {"connectorId": 1, "idTag": "TAG123", "meterStart": 5, "timestamp": TIME}


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


def test_a_copy_of_a_start_without_a_clock_is_the_same_start():
    payload = START | {"timestamp": "1970-01-01T00:00:10Z", "idTag": "COPY"}
    first = work("StartTransaction", payload)
    text = json.dumps([2, "other-id", "StartTransaction", payload])
    (call,) = Peer().feed(text)
    later = RECEIVED.replace(minute=3)
    assert plan_call(caller(), call, text, later)[0].work == first


def test_a_local_clock_is_read_in_its_zone():
    who = caller(tz=ZoneInfo("Asia/Jakarta"))
    request = work("StartTransaction", START | {"timestamp": "2026-02-01T16:30:00"}, who)
    assert request.started_at == AT


STOP = {"transactionId": 9, "meterStop": 100, "timestamp": TIME}


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


@pytest.mark.parametrize("payload", [{}, {"connectorId": None}, {"meterValue": 5}])
def test_meter_values_are_never_refused(payload):
    assert work("MeterValues", payload) == MeterValues(0, None, ())


# --- answers --------------------------------------------------------------------------------------


def test_answers():
    boot = answer(
        "BootNotification",
        {"chargePointVendor": "v", "chargePointModel": "m"},
        BootResult("Accepted", 300),
    )
    assert (boot["status"], boot["interval"]) == ("Accepted", 300)
    assert len(boot["currentTime"]) == len("2026-02-01T09:30:00Z")
    assert boot["currentTime"].endswith("Z")
    assert set(answer("Heartbeat", {})) == {"currentTime"}
    assert answer("MeterValues", {}) == {}
    assert answer("Authorize", {"idTag": "x"}, IdTagInfo("Expired", AT, "G" * 30)) == {
        "idTagInfo": {"status": "Expired", "expiryDate": TIME, "parentIdTag": "G" * 20}
    }
    started = answer("StartTransaction", START, StartResult(5, IdTagInfo("ConcurrentTx")))
    assert started == {"transactionId": 5, "idTagInfo": {"status": "ConcurrentTx"}}
    assert answer("StopTransaction", STOP) == {}
    assert answer("StopTransaction", STOP, IdTagInfo("Accepted")) == {
        "idTagInfo": {"status": "Accepted"}
    }
    assert answer("DataTransfer", {"vendorId": "x"}) == {"status": "UnknownVendorId"}
    assert answer("SignCertificate", {"csr": "x"}) == {"status": "Rejected"}


def test_an_answer_of_ours_that_is_not_valid_is_not_committed():
    inbound, _ = plan("Authorize", {"idTag": "x"})
    with pytest.raises(RuntimeError):
        inbound.render(IdTagInfo("Perhaps"))


def test_the_registration_follows_the_boots_answer():
    who = caller("Pending")
    inbound, planned = plan(
        "BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"}, who
    )
    inbound.render(BootResult("Accepted", 5))
    planned.stored(planned.result)
    assert who.registration == "Accepted"


# --- refusals -------------------------------------------------------------------------------------


def test_an_unknown_action_is_not_implemented_and_a_known_one_without_handler_not_supported():
    assert plan("CustomOperation", {}) == Refusal(ErrorCode.NOT_IMPLEMENTED, "")
    assert plan("Reset", {"type": "Soft"}) == Refusal(ErrorCode.NOT_SUPPORTED, "")


@pytest.mark.parametrize("registration", ["Pending", "Rejected"])
def test_before_acceptance_only_boot_and_transaction_data_pass(registration):
    who = caller(registration)
    status = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
    for action, payload in [("Heartbeat", {}), ("StatusNotification", status)]:
        refusal = plan(action, payload, who)
        assert isinstance(refusal, Refusal)
        assert refusal.code == ErrorCode.SECURITY_ERROR
    boot = {"chargePointVendor": "v", "chargePointModel": "m"}
    for action, payload in [
        ("BootNotification", boot),
        ("StartTransaction", START),
        ("StopTransaction", STOP),
        ("MeterValues", {}),
    ]:
        assert not isinstance(plan(action, payload, who), Refusal)


def test_notices_are_answered_and_logged():
    payload = {"type": "StartupOfTheDevice", "timestamp": TIME}
    assert work("SecurityEventNotification", payload) == LogOnly()
    assert answer("SecurityEventNotification", payload) == {}


# --- whatever comes -------------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "connectorId",
    "transactionId",
    "meterValue",
    "transactionData",
    "idTag",
    "timestamp",
    "meterStart",
    "meterStop",
    "reason",
    "status",
    "errorCode",
    "sampledValue",
    "value",
]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(schemas.ACTIONS)),
    st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), anything),
)
def test_any_payload_is_planned_or_refused(action, payload):
    planned = plan(action, payload)
    if action in {"StartTransaction", "StopTransaction", "MeterValues"}:
        assert not isinstance(planned, Refusal)
