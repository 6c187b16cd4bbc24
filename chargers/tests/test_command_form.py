"""The typed forms that are made from OCPP's JSON schemas, and the one for everything else."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from chargers.admin.command_forms import COMMANDS, CommandForm, RawForm
from chargers.admin.command_forms.kinds import PROFILE_NAMES
from chargers.admin.command_forms.texts import FIELDS, SECTIONS
from chargers.admin.command_forms.tree import Table, parts_of
from chargers.ocpp.profiles import PROFILES
from chargers.ocpp.schemas import ACTIONS_OUT
from chargers.ocpp.shapes import request_shape

JAKARTA = ZoneInfo("Asia/Jakarta")
PERIOD = "csChargingProfiles.chargingSchedule.chargingSchedulePeriod"
PROFILE = {
    "connectorId": "1",
    "csChargingProfiles.chargingProfileId": "7",
    "csChargingProfiles.stackLevel": "0",
    "csChargingProfiles.chargingProfilePurpose": "TxDefaultProfile",
    "csChargingProfiles.chargingProfileKind": "Absolute",
    "csChargingProfiles.chargingSchedule.chargingRateUnit": "A",
}


def form_of(action, data):
    return CommandForm(data, action=action, zone=JAKARTA)


def payload(action, **data):
    form = form_of(action, data)
    assert form.is_valid(), form.errors
    return form.payload()


def test_every_operation_has_a_form():
    assert set(COMMANDS) == ACTIONS_OUT


@pytest.mark.parametrize("action", COMMANDS)
def test_every_field_is_explained_and_typed(action):
    for part in parts_of(request_shape(action)):
        assert not part.path or part.path[-1] in SECTIONS
        for leaf in part.leaves:
            assert leaf.name in FIELDS or f"{action}.{leaf.name}" in FIELDS, leaf.path
    # Nothing is left to be typed as JSON.
    assert not {type(field).__name__ for field in form_of(action, None).fields.values()} - {
        "CharField",
        "ChoiceField",
        "IntegerField",
        "LongTextField",
        "MomentField",
        "NumberField",
        "WordsField",
    }


def test_numbers_are_numbers_on_the_wire():
    assert payload("UnlockConnector", connectorId="2") == {"connectorId": 2}


def test_optional_fields_left_empty_are_left_out():
    data = {"requestedMessage": "Heartbeat", "connectorId": ""}
    assert payload("TriggerMessage", **data) == {"requestedMessage": "Heartbeat"}


def test_words_are_one_per_line():
    keys = "HeartbeatInterval\r\n\r\n  MeterValueSampleInterval "
    expected = {"key": ["HeartbeatInterval", "MeterValueSampleInterval"]}
    assert payload("GetConfiguration", key=keys) == expected


def test_no_key_asks_for_the_whole_configuration():
    assert payload("GetConfiguration", key=" ") == {}


def test_command_without_fields_is_an_empty_object():
    assert payload("ClearCache") == {}


def test_empty_value_is_a_value_and_blanks_in_it_are_kept():
    data = {"key": "AuthorizationKey", "value": ""}
    assert payload("ChangeConfiguration", **data) == data
    assert payload("ChangeConfiguration", key="Greeting", value=" hi ")["value"] == " hi "


def test_times_are_typed_in_the_sites_zone_and_sent_as_seconds_and_z():
    data = {"connectorId": "1", "idTag": "TAG1", "reservationId": "5"}
    sent = payload("ReserveNow", expiryDate="2026-03-01T18:30", **data)
    assert sent["expiryDate"] == "2026-03-01T11:30:00Z"


def test_profile_with_periods():
    periods = {
        f"{PERIOD}.0.startPeriod": "0",
        f"{PERIOD}.0.limit": "16.0",
        f"{PERIOD}.0.numberPhases": "3",
        f"{PERIOD}.1.startPeriod": "",
        f"{PERIOD}.1.limit": "",
        f"{PERIOD}.2.startPeriod": "3600",
        f"{PERIOD}.2.limit": "6.5",
    }
    begins = {"csChargingProfiles.chargingSchedule.startSchedule": "2026-03-01T07:00:05"}
    profile = payload("SetChargingProfile", **PROFILE, **periods, **begins)["csChargingProfiles"]
    assert profile["chargingSchedule"] == {
        "startSchedule": "2026-03-01T00:00:05Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 16, "numberPhases": 3},
            {"startPeriod": 3600, "limit": 6.5},
        ],
    }


def test_fault_in_a_row_stands_at_its_field_though_empty_rows_are_left_out():
    rows = {f"{PERIOD}.0.startPeriod": "", f"{PERIOD}.1.startPeriod": "0"}
    form = form_of("SetChargingProfile", PROFILE | rows)
    assert set(form.errors) == {f"{PERIOD}.1.limit"}
    more = {f"{PERIOD}.1.limit": "6.55"}
    assert set(form_of("SetChargingProfile", PROFILE | rows | more).errors) == {f"{PERIOD}.1.limit"}


def test_a_list_without_rows_is_missing_where_it_is_needed():
    assert set(form_of("SetChargingProfile", PROFILE).errors) == {f"{PERIOD}.0.startPeriod"}


def test_start_without_profile_has_none_and_a_begun_one_must_be_whole():
    empty = {
        "idTag": "T",
        "chargingProfile.stackLevel": "",
        "chargingProfile.chargingProfilePurpose": "",
    }
    assert payload("RemoteStartTransaction", **empty) == {"idTag": "T"}
    begun = form_of("RemoteStartTransaction", empty | {"chargingProfile.stackLevel": "0"})
    assert "chargingProfile.chargingProfileId" in begun.errors


def test_tags_of_a_local_list_are_rows():
    rows = {
        "localAuthorizationList.0.idTag": "TAG1",
        "localAuthorizationList.0.idTagInfo.status": "Accepted",
        "localAuthorizationList.0.idTagInfo.parentIdTag": "FLEET",
        "localAuthorizationList.1.idTag": "TAG2",
        "localAuthorizationList.1.idTagInfo.status": "",
    }
    sent = payload("SendLocalList", listVersion="4", updateType="Differential", **rows)
    assert list(sent) == ["listVersion", "localAuthorizationList", "updateType"]
    assert sent["localAuthorizationList"] == [
        {"idTag": "TAG1", "idTagInfo": {"parentIdTag": "FLEET", "status": "Accepted"}},
        {"idTag": "TAG2"},
    ]


def test_more_rows_judge_nothing_and_keep_what_was_typed():
    data = {"listVersion": "x", "localAuthorizationList.7.idTag": "TAG8", "more-rows": "1"}
    form = form_of("SendLocalList", data)
    assert form.asks_for_rows
    assert form.errors == {}
    (table,) = (block for block in form.blocks() if block.rows)
    assert len(table.rows) == 13
    assert table.rows[7][0].value() == "TAG8"


def test_certificates_have_unix_lines():
    pem = "-----BEGIN CERTIFICATE-----\r\nAAAA\r\n-----END CERTIFICATE-----\r\n"
    assert "\r" not in payload("CertificateSigned", certificateChain=pem)["certificateChain"]


@pytest.mark.parametrize(
    ("action", "data", "field"),
    [
        ("Reset", {"type": "Gentle"}, "type"),
        ("Reset", {}, "type"),
        ("UnlockConnector", {"connectorId": "one"}, "connectorId"),
        ("UnlockConnector", {"connectorId": ""}, "connectorId"),
        ("ChangeConfiguration", {"key": "k" * 51, "value": "1"}, "key"),
        ("ReserveNow", {"connectorId": "1", "idTag": "T", "reservationId": "1"}, "expiryDate"),
        ("GetLog", {"logType": "SecurityLog", "requestId": "1"}, "log.remoteLocation"),
        ("UpdateFirmware", {"location": "ftp://h/f", "retrieveDate": "soon"}, "retrieveDate"),
        ("GetDiagnostics", {"location": "ftp://h/", "startTime": "0001-01-01T00:00"}, "startTime"),
    ],
)
def test_what_the_schema_forbids_is_refused_at_its_field(action, data, field):
    form = form_of(action, data)
    assert not form.is_valid()
    assert set(form.errors) == {field}


def test_what_our_own_model_doubts_is_no_reason_to_refuse():
    assert payload("UnlockConnector", connectorId="99") == {"connectorId": 99}
    assert payload("SendLocalList", listVersion="-1", updateType="Full")["listVersion"] == -1


def test_rows_have_a_bound():
    form = form_of("SendLocalList", {"localAuthorizationList.99999999.idTag": "T"})
    (table,) = (
        part for part in parts_of(request_shape("SendLocalList")) if isinstance(part, Table)
    )
    assert len([name for name in form.fields if name.endswith(".idTag")]) <= 500
    assert table.path == ("localAuthorizationList",)


# --- Send it as it is -------------------------------------------------------------------------


def raw(action, text, **data):
    return RawForm({"action": action, "payload_text": text, **data})


def test_anything_valid_can_be_sent_as_it_is():
    form = raw("Reset", ' {"type": "Hard"} ')
    assert form.is_valid()
    assert form.payload() == {"type": "Hard"}
    assert raw("ClearCache", "").is_valid()


@pytest.mark.parametrize(
    ("action", "text", "field"),
    [
        ("Reset", '{"type": "Gentle"}', "payload_text"),
        ("Reset", '{"typ": "Hard"}', "payload_text"),
        ("SelfDestruct", "{}", "action"),
    ],
)
def test_faults_by_the_schema_are_shown_and_can_be_sent_in_spite_of_them(action, text, field):
    assert set(raw(action, text).errors) == {field}
    form = raw(action, text, insist="on")
    assert form.is_valid()
    assert form.payload() == json.loads(text)


@pytest.mark.parametrize("text", ["{", "[1]", '"x"', '{"a": "\\u0000"}', '{"a": 1e30}', "[" * 5000])
def test_what_no_frame_can_carry_is_refused_even_then(text):
    assert set(raw("Reset", text, insist="on").errors) == {"payload_text"}


def test_an_action_is_a_printable_word():
    assert set(raw("Re\nset", "{}", insist="on").errors) == {"action"}


def test_every_feature_profile_has_its_name_in_the_catalogues():
    assert {profile.name for profile in PROFILES} == set(PROFILE_NAMES)
