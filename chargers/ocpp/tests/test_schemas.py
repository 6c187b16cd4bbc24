import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargers.ocpp import schemas
from chargers.ocpp.protocol import ErrorCode
from chargers.ocpp.schemas import Fault, accept, is_valid_response, request_faults

BOOT = {"chargePointVendor": "v", "chargePointModel": "m"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def test_all_78_schemas_compile():
    assert len(schemas.ACTIONS_IN) == 14
    assert len(schemas.ACTIONS_OUT) == 26
    assert schemas.load_all() == 78


def test_a_valid_payload_passes_untouched():
    assert accept("BootNotification", BOOT) is BOOT


@pytest.mark.proves("pain 57")
@pytest.mark.parametrize(
    ("action", "payload", "repaired"),
    [
        ("BootNotification", BOOT | {"vendorExtra": 1}, BOOT),
        ("BootNotification", BOOT | {"firmwareVersion": 5}, BOOT | {"firmwareVersion": "5"}),
        ("BootNotification", BOOT | {"firmwareVersion": None}, BOOT),
        ("BootNotification", BOOT | {"firmwareVersion": [1]}, BOOT),
        (
            "BootNotification",
            BOOT | {"firmwareVersion": "x" * 99},
            BOOT | {"firmwareVersion": "x" * 99},
        ),
        ("StatusNotification", STATUS | {"connectorId": "1"}, STATUS),
        ("StatusNotification", STATUS | {"connectorId": 1.0}, STATUS),
        ("StatusNotification", STATUS | {"status": "available"}, STATUS),
        ("StatusNotification", {"connectorId": 1, "status": "Available"}, STATUS),
        ("StatusNotification", STATUS | {"errorCode": "X1"}, STATUS | {"errorCode": "X1"}),
        ("Authorize", {"idTag": "x" * 21}, {"idTag": "x" * 21}),
        ("Authorize", {"idTag": 12}, {"idTag": "12"}),
        ("Heartbeat", {"now": 1}, {}),
    ],
)
def test_soft_faults_are_repaired(action, payload, repaired):
    before = dict(payload)
    assert accept(action, payload) == repaired
    assert payload == before


@pytest.mark.parametrize(
    ("action", "payload", "code", "text"),
    [
        ("Authorize", {}, ErrorCode.PROTOCOL_ERROR, "idTag is missing"),
        ("BootNotification", {}, ErrorCode.PROTOCOL_ERROR, "chargePointVendor is missing"),
        (
            "Authorize",
            {"idTag": None},
            ErrorCode.TYPE_CONSTRAINT_VIOLATION,
            "idTag is not of type string",
        ),
        (
            "StatusNotification",
            STATUS | {"connectorId": "one"},
            ErrorCode.TYPE_CONSTRAINT_VIOLATION,
            "connectorId is not of type integer",
        ),
        (
            "StatusNotification",
            STATUS | {"status": "Busy"},
            ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
            "status is not one of the known words",
        ),
    ],
)
def test_hard_faults_have_the_codes_of_1_6(action, payload, code, text):
    fault = accept(action, payload)
    assert isinstance(fault, Fault)
    assert (fault.code, str(fault)) == (code, text)


def test_commands_are_checked_by_the_letter():
    assert request_faults("Reset", {"type": "Soft"}) == []
    (fault,) = request_faults("Reset", {"type": "soft"})
    assert fault.code == ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
    (fault,) = request_faults("Reset", {"type": "Soft", "x": 1})
    assert fault.code == ErrorCode.FORMATION_VIOLATION
    (fault,) = request_faults("GetConfiguration", {"key": "a"})
    assert fault.code == ErrorCode.TYPE_CONSTRAINT_VIOLATION
    (fault,) = request_faults("Explode", {})
    assert fault.code == ErrorCode.NOT_IMPLEMENTED
    assert request_faults("Reset", [])[0].path == ""


def test_one_decimal_is_a_multiple_of_a_tenth():
    def profile(limit):
        return {
            "connectorId": 0,
            "csChargingProfiles": {
                "chargingProfileId": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
                },
            },
        }

    assert request_faults("SetChargingProfile", profile(21.4)) == []
    assert request_faults("SetChargingProfile", profile(4.11))


def test_our_own_answers_are_checked():
    assert is_valid_response("Heartbeat", {"currentTime": "2026-02-01T09:30:00Z"})
    assert not is_valid_response("Heartbeat", {})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["connectorId", "status", "errorCode", "info", "timestamp", "vendorId", "idTag", "data"]


@given(
    st.sampled_from(sorted(schemas.ACTIONS_IN)),
    st.dictionaries(st.sampled_from(FIELDS) | st.text(), anything),
)
def test_any_payload_is_accepted_or_a_fault(action, payload):
    result = accept(action, payload)
    assert isinstance(result, dict | Fault)
    if isinstance(result, Fault):
        assert len(str(result)) < 200
