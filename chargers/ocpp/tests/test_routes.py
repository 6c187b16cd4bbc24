import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargers.ocpp import routes, schemas
from chargers.ocpp.protocol import ErrorCode
from chargers.ocpp.routes import Refusal
from chargers.ocpp.tests.planning import AT, RECEIVED, START, STOP, TIME, answer, caller, plan, work
from chargers.store.work import (
    BootResult,
    IdTagInfo,
    StartResult,
)


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
    assert answer("SignCertificate", {"csr": "x"}, "Rejected") == {"status": "Rejected"}


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


@pytest.mark.proves("own 18")
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


def test_security_events_are_answered():
    payload = {"type": "StartupOfTheDevice", "timestamp": TIME}
    notice = work("SecurityEventNotification", payload)
    assert (notice.kind, notice.tech_info) == ("StartupOfTheDevice", "")
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
