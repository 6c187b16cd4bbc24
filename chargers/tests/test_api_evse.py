"""POST /api/evse/command: five common commands by simple names."""

from __future__ import annotations

import pytest

from chargers.models import Command
from chargers.services import outcomes
from chargers.services.commands import claim_next, queue_command
from chargers.tests.factories import make_charger
from cpo.models import Role
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo, make_member

pytestmark = pytest.mark.django_db
PATH = "evse/command"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
FILE = {"location": "https://h.example/f.bin", "retrieve_date": "2026-03-01T10:00:00+07:00"}


@pytest.fixture
def charger():
    return make_charger(identity="CP-1")


@pytest.fixture
def api(client, charger):
    return Api(client, charger.cpo, "commands:write")


def body(command, **values):
    return {"charger_id": "CP-1", "command": command, **values}


@pytest.mark.parametrize(
    ("asked", "action", "payload"),
    [
        (body("REBOOT"), "Reset", {"type": "Soft"}),
        (body("REBOOT", parameters={"type": "Hard"}), "Reset", {"type": "Hard"}),
        (body("UNLOCK", connector_id=2), "UnlockConnector", {"connectorId": 2}),
        (body("LOCK"), "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
        (
            body("LOCK", connector_id=1),
            "ChangeAvailability",
            {"connectorId": 1, "type": "Inoperative"},
        ),
        (
            body("UPDATE_FIRMWARE", parameters=FILE | {"retries": 3, "retry_interval": 60}),
            "UpdateFirmware",
            {
                "location": "https://h.example/f.bin",
                "retrieveDate": "2026-03-01T03:00:00Z",
                "retries": 3,
                "retryInterval": 60,
            },
        ),
        (
            body("UPDATE_CONFIG", parameters={"key": "HeartbeatInterval", "value": "300"}),
            "ChangeConfiguration",
            {"key": "HeartbeatInterval", "value": "300"},
        ),
    ],
)
def test_a_simple_name_becomes_its_operation(asked, action, payload, api):
    response = api("POST", PATH, asked)
    assert response.status_code == 202, response.content
    command = Command.objects.get()
    assert (command.action, command.payload) == (action, payload)
    shown = response.json()
    assert (shown["id"], shown["action"], shown["request"], shown["status"]) == (
        str(command.pk),
        action,
        payload,
        "queued",
    )


def test_the_only_connector_need_not_be_named(client):
    charger = make_charger(identity="ONE", connectors=1)
    response = Api(client, charger.cpo)("POST", PATH, {"charger_id": "ONE", "command": "UNLOCK"})
    assert response.status_code == 202
    assert Command.objects.get().payload == {"connectorId": 1}


@pytest.mark.parametrize(
    ("known", "action"),
    [(None, "SignedUpdateFirmware"), (True, "SignedUpdateFirmware"), (False, "UpdateFirmware")],
)
def test_a_signed_file_goes_out_signed_unless_the_charger_does_not_know_that(
    known, action, api, charger
):
    if known is not None:
        command = queue_command(charger, action="SignedUpdateFirmware", payload={}, actor="test")
        claim_next(charger.pk)
        if known:
            outcomes.mark_answered(command.pk, response={"status": "Rejected"})
        else:
            outcomes.mark_failed(command.pk, error="NotImplemented")
    signed = FILE | {"signing_certificate": CERTIFICATE, "signature": "c2ln"}
    assert api("POST", PATH, body("UPDATE_FIRMWARE", parameters=signed)).status_code == 202
    command = Command.objects.order_by("-created_at").first()
    assert command.action == action
    if action == "SignedUpdateFirmware":
        assert command.payload["requestId"] > 0
        assert command.payload["firmware"] == {
            "location": "https://h.example/f.bin",
            "retrieveDateTime": "2026-03-01T03:00:00Z",
            "signingCertificate": CERTIFICATE,
            "signature": "c2ln",
        }
    else:
        assert command.payload == {
            "location": "https://h.example/f.bin",
            "retrieveDate": "2026-03-01T03:00:00Z",
        }


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({}, 400, "charger_id"),
        (body("EXPLODE"), 400, "command"),
        (body("REBOOT", charger_id="NOWHERE"), 404, "charger_id"),
        (body("REBOOT", parameters={"type": "Gently"}), 400, "parameters.type"),
        (body("REBOOT", parameters={"kind": "Soft"}), 400, "parameters.kind"),
        (body("REBOOT", parameters=["Soft"]), 400, "parameters"),
        (body("UNLOCK"), 422, "connector_id"),
        (body("UNLOCK", connector_id=0), 422, "connector_id"),
        (body("UNLOCK", connector_id=9), 404, "connector_id"),
        (body("UNLOCK", connector_id=1, parameters={"x": 1}), 400, "parameters.x"),
        (body("LOCK", connector_id=9), 404, "connector_id"),
        (body("LOCK", connector_id=-1), 400, "connector_id"),
        (body("UPDATE_FIRMWARE"), 400, "parameters.location"),
        (body("UPDATE_FIRMWARE", parameters={"location": "f.bin"}), 400, "parameters.location"),
        (
            body("UPDATE_FIRMWARE", parameters=FILE | {"retrieve_date": "soon"}),
            400,
            "parameters.retrieve_date",
        ),
        (
            body("UPDATE_FIRMWARE", parameters=FILE | {"signature": "c2ln"}),
            400,
            "parameters.signing_certificate",
        ),
        (body("UPDATE_CONFIG", parameters={"key": "X"}), 400, "parameters.value"),
        (
            body("UPDATE_CONFIG", parameters={"key": "HeartbeatInterval", "value": "abc"}),
            422,
            "parameters.value",
        ),
        (
            body("UPDATE_CONFIG", parameters={"key": "AuthorizationKey", "value": "00" * 16}),
            422,
            "parameters.key",
        ),
    ],
)
def test_a_refusal_names_the_field_and_changes_nothing(asked, status, field, api):
    assert fields_of(api("POST", PATH, asked), status) >= {field}
    assert not Command.objects.exists()


def test_a_rivals_charger_is_not_there_and_only_operators_may(client, charger):
    assert fields_of(Api(client, make_cpo())("POST", PATH, body("REBOOT")), 404) == {"charger_id"}

    def status():
        url = f"/api/{PATH}"
        return client.post(url, body("REBOOT"), content_type="application/json").status_code

    assert status() == 401
    for user, expected in (
        (make_member(charger.cpo, Role.FINANCE), 403),
        (make_member(make_cpo(), Role.OWNER), 404),
        (make_member(charger.cpo, Role.OPERATOR), 202),
    ):
        client.force_login(user)
        assert status() == expected
    assert Command.objects.count() == 1


def test_a_repeated_command_is_sent_once(api):
    first = api("POST", PATH, body("REBOOT"), Idempotency_Key="k")
    assert api("POST", PATH, body("REBOOT"), Idempotency_Key="k").json() == first.json()
    assert Command.objects.count() == 1
