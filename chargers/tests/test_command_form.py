"""The form that is made from an OCPP request's JSON schema."""

from __future__ import annotations

import pytest

from chargers.admin.command_form import COMMANDS, CommandForm, request_schema


def payload(action, **data):
    form = CommandForm(data, action=action)
    assert form.is_valid(), form.errors
    return form.payload()


@pytest.mark.parametrize("action", COMMANDS)
def test_every_listed_command_has_a_schema_and_all_its_fields(action):
    assert set(CommandForm(None, action=action).fields) == set(
        request_schema(action).get("properties", {})
    )


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


def test_empty_value_is_a_value():
    data = {"key": "AuthorizationKey", "value": ""}
    assert payload("ChangeConfiguration", **data) == data


def test_nested_objects_are_json():
    profile = '{"chargingProfileId": 1}'
    sent = payload("RemoteStartTransaction", idTag="DEMO0001", chargingProfile=profile)
    assert sent == {"idTag": "DEMO0001", "chargingProfile": {"chargingProfileId": 1}}


@pytest.mark.parametrize(
    ("action", "data", "field"),
    [
        ("Reset", {"type": "Gentle"}, "type"),
        ("Reset", {}, "type"),
        ("UnlockConnector", {"connectorId": "one"}, "connectorId"),
        ("ChangeConfiguration", {"key": "k" * 51, "value": "1"}, "key"),
        ("RemoteStartTransaction", {"idTag": "t", "chargingProfile": "{"}, "chargingProfile"),
    ],
)
def test_what_the_schema_forbids_is_refused_at_its_field(action, data, field):
    form = CommandForm(data, action=action)
    assert not form.is_valid()
    assert set(form.errors) == {field}
