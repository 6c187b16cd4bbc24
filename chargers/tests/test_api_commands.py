"""Commands by the REST API: who may, what is refused, what is answered."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from chargers.models import Charger, Command, CommandStatus
from chargers.ocpp.schemas import ACTIONS_OUT
from chargers.tests.factories import make_charger
from cpo.models import ApiKey, AuditEntry, IdempotencyKey, Role
from cpo.services.api_keys import create_api_key, revoke_api_key
from cpo.tests.factories import make_cpo, make_member, make_user
from unievp.lib import clock

pytestmark = pytest.mark.django_db
RESET = {"action": "Reset", "payload": {"type": "Soft"}}


@pytest.fixture
def charger():
    return make_charger(identity="CP/API-1")


def key_for(cpo=None, *scopes, **values):
    return create_api_key(name="Acme", cpo=cpo, scopes=scopes, actor="test", **values)[1]


def post(client, body, *, charger="CP%2FAPI-1", key=None, content_type="application/json", **extra):
    headers = {"Authorization": f"Api-Key {key}"} if key else {}
    headers |= {"Accept-Language": "en"} | extra
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    url = f"/api/chargers/{charger}/commands"
    return client.post(url, data, content_type=content_type, headers=headers)


def problem(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    named = {"instance"} if status >= 500 else set()
    assert body.keys() == {"type", "title", "status", "detail", "errors"} | named
    return body


@pytest.mark.proves("pain 8", "pain 46", "pain 47", "pain 49")
def test_a_command_is_queued_and_can_be_looked_at(client, charger):
    key = key_for(charger.cpo)
    response = post(client, RESET, key=key)
    assert response.status_code == 202
    body = response.json()
    command = Command.objects.get()
    assert body["id"] == body["command_id"] == str(command.pk)
    assert (body["status"], body["charger_id"], body["request"]) == (
        "queued",
        "CP/API-1",
        {"type": "Soft"},
    )
    assert (command.requested_label, command.requested_by) == ("api key: Acme", None)
    assert AuditEntry.objects.filter(action="command.Reset", actor_label="api key: Acme").exists()
    now = clock.now()
    Command.objects.update(
        status="answered",
        sent_at=now,
        answered_at=now + timedelta(milliseconds=250),
        response={"status": "Rejected"},
        response_status="Rejected",
    )
    headers = {"Authorization": f"Api-Key {key}"}
    body = client.get(f"/api/commands/{command.pk}", headers=headers).json()
    assert (body["status"], body["response"], body["latency_ms"]) == (
        "answered",
        {"status": "Rejected"},
        250,
    )


def test_the_identity_is_found_in_any_case_and_times_end_in_z(client, charger):
    body = post(client, RESET, key=key_for(), charger="cp%2Fapi-1").json()
    assert body["created_at"].endswith("Z")


# --- Who may --------------------------------------------------------------------------------


def test_a_rivals_charger_and_command_are_not_there(client, charger):
    own = post(client, RESET, key=key_for(charger.cpo)).json()["id"]
    rival = key_for(make_cpo())
    assert problem(post(client, RESET, key=rival), 404)["title"] == "Not found"
    headers = {"Authorization": f"Api-Key {rival}"}
    problem(client.get(f"/api/commands/{own}", headers=headers), 404)
    client.force_login(make_member(make_cpo()))
    problem(client.get(f"/api/commands/{own}"), 404)
    assert Command.objects.count() == 1


@pytest.mark.proves("pain 49")
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 202), (Role.OPERATOR, 202), (Role.FINANCE, 403), (Role.VIEWER, 403)],
)
def test_people_act_by_their_role(role, status, client, charger):
    client.force_login(make_member(charger.cpo, role))
    assert post(client, RESET).status_code == status
    assert Command.objects.count() == (status == 202)


def test_staff_may_and_nobody_may_not(client, charger):
    response = post(client, RESET)
    problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Api-Key")
    client.force_login(make_user(is_staff=True))
    assert post(client, RESET).status_code == 202


def test_a_session_without_the_csrf_token_is_refused(charger, client):
    client.handler.enforce_csrf_checks = True
    client.force_login(make_member(charger.cpo))
    problem(post(client, RESET), 403)
    assert not Command.objects.exists()


def test_a_key_needs_the_scope(client, charger):
    reader = key_for(charger.cpo, "commands:read")
    assert problem(post(client, RESET, key=reader), 403)["type"].endswith("insufficient_scope")
    writer = key_for(charger.cpo, "commands:write")
    command = post(client, RESET, key=writer).json()["id"]
    url = f"/api/commands/{command}"
    problem(client.get(url, headers={"Authorization": f"Api-Key {writer}"}), 403)
    assert client.get(url, headers={"Authorization": f"Api-Key {reader}"}).status_code == 200


def test_expired_revoked_and_wrong_keys_are_refused(client, charger):
    key = key_for()
    wrong = [key + "x", key[:-1], "uniev_00000000_x", "x", "k\xe9y", f"{key} {key}", ""]
    ApiKey.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    for text in [*wrong, key]:
        problem(post(client, RESET, key=text or " "), 401)
    ApiKey.objects.update(expires_at=None)
    assert post(client, RESET, key=key).status_code == 202
    revoke_api_key(ApiKey.objects.get(), actor="test")
    problem(post(client, RESET, key=key), 401)


def test_use_is_noted_once_a_minute_and_only_the_digest_is_kept(client, charger):
    key = key_for()
    post(client, RESET, key=key)
    row = ApiKey.objects.get()
    assert row.last_used_at is not None
    assert key.rpartition("_")[2].encode() not in bytes(row.digest)
    post(client, RESET, key=key)
    assert ApiKey.objects.get().last_used_at == row.last_used_at


def test_create_apikey_prints_the_key_as_its_last_word(client, charger, capsys):
    call_command("create_apikey", name="Shop", cpo=str(charger.cpo.pk), scope=["commands:write"])
    key = capsys.readouterr().out.split()[-1]
    assert post(client, RESET, key=key).status_code == 202
    assert ApiKey.objects.get().scopes == ["commands:write"]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"cpo": "no-id"}, "--cpo"),
        ({"cpo": "00000000-0000-0000-0000-000000000000"}, "--cpo"),
        ({"scope": ["all"]}, "commands:write"),
    ],
)
def test_create_apikey_names_what_is_wrong(options, word):
    from django.core.management import CommandError

    with pytest.raises(CommandError, match=word):
        call_command("create_apikey", name="Shop", **options)
    assert not ApiKey.objects.exists()


# --- What is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "action"),
        ([], 400, ""),
        ({"action": "Reset", "payload": 7}, 400, "payload"),
        ({"action": "Reset", "payload": {"type": "Soft"}, "wait": 121}, 400, "wait"),
        ({"action": "Reset", "payload": {"type": "Soft"}, "wait": -1}, 400, "wait"),
        ({"action": "Reset", "payload": {"type": "Soft"}, "wait": "soon"}, 400, "wait"),
        ({"action": "Heartbeat"}, 422, "action"),
        ({"action": "SelfDestruct"}, 422, "action"),
        ({"action": "Reset"}, 422, "payload.type"),
        ({"action": "Reset", "payload": {"type": "Now"}}, 422, "payload.type"),
        (
            {"action": "UnlockConnector", "payload": {"connectorId": "1"}},
            422,
            "payload.connectorId",
        ),
        ({"action": "Reset", "payload": {"type": "Soft", "x": 1}}, 422, "payload"),
        ({"action": "DataTransfer", "payload": {"vendorId": "v", "data": 10**30}}, 400, None),
    ],
)
def test_a_refusal_names_the_field_and_changes_nothing(body, status, field, client, charger):
    answer = problem(post(client, body, key=key_for()), status)
    assert field is None or field in answer["errors"]
    assert not Command.objects.exists()


def test_an_action_that_is_none_of_ours_is_told_the_list(client, charger):
    body = problem(post(client, {"action": "Heartbeat"}, key=key_for()), 422)
    assert all(action in body["errors"]["action"][0] for action in ACTIONS_OUT)


def test_who_insists_sends_what_the_schema_forbids(client, charger):
    body = {"action": "VendorThing", "payload": {"a": [1, None]}, "insist": True}
    assert post(client, body, key=key_for()).status_code == 202
    command = Command.objects.get()
    assert (command.action, command.payload) == ("VendorThing", {"a": [1, None]})


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"action": NaN}',
        b"\xff",
        "[" * 100_000,
        '{"action": "Reset", "payload": {"type": "\\u0000"}}',
        '{"action": "Reset", "payload": {"type": "\\ud800"}}',
    ],
)
def test_what_is_no_json_is_malformed(text, client, charger):
    problem(post(client, text, key=key_for()), 400)


def test_other_refusals_are_problems_as_well(client, charger):
    key = key_for()
    headers = {"Authorization": f"Api-Key {key}", "Accept-Language": "en"}
    problem(post(client, "a=b", key=key, content_type="application/x-www-form-urlencoded"), 415)
    problem(client.delete("/api/chargers/CP%2FAPI-1/commands", headers=headers), 405)
    problem(client.get("/api/nowhere", headers=headers), 404)
    problem(client.get("/api/commands/7", headers=headers), 404)
    problem(post(client, RESET, key=key, charger="CP%00"), 404)
    problem(post(client, RESET, key=key, charger="UNKNOWN"), 404)


def test_too_many_requests_are_told_when_to_come_back(client, charger, monkeypatch):
    from unievp.lib.api.throttles import CallerThrottle

    monkeypatch.setattr(CallerThrottle, "THROTTLE_RATES", {"caller": "2/min", "nobody": "2/min"})
    key = key_for()
    statuses = [post(client, RESET, key=key).status_code for _ in range(2)]
    assert statuses == [202, 202]
    response = post(client, RESET, key=key)
    problem(response, 429)
    assert 1 <= int(response["Retry-After"]) <= 60


def test_what_breaks_is_told_without_details(client, charger, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the database's password is xyzzy")

    monkeypatch.setattr("chargers.api.commands.queue_command", broken)
    body = problem(post(client, RESET, key=key_for()), 500)
    assert "xyzzy" not in json.dumps(body)


def test_a_retired_charger_is_a_conflict(client, charger):
    Charger.objects.update(retired_at=clock.now())
    assert problem(post(client, RESET, key=key_for()), 409)["type"].endswith("charger_retired")


# --- Repeating ------------------------------------------------------------------------------


def test_a_repeated_request_sends_once_and_is_answered_alike(client, charger):
    key = key_for()
    first = post(client, RESET, key=key, **{"Idempotency-Key": "order-7"})
    second = post(client, RESET, key=key, **{"Idempotency-Key": "order-7"})
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert Command.objects.count() == 1


def test_one_key_for_two_requests_is_refused(client, charger):
    key, other = key_for(), {"action": "ClearCache"}
    post(client, RESET, key=key, **{"Idempotency-Key": "k"})
    body = problem(post(client, other, key=key, **{"Idempotency-Key": "k"}), 422)
    assert body["type"].endswith("idempotency_key_reused")
    assert Command.objects.count() == 1
    # Another caller's keys are its own.
    assert post(client, other, key=key_for(), **{"Idempotency-Key": "k"}).status_code == 202


def test_a_refused_request_leaves_its_key_free(client, charger):
    key = key_for()
    problem(post(client, {"action": "Reset"}, key=key, **{"Idempotency-Key": "k"}), 422)
    Charger.objects.update(retired_at=clock.now())
    problem(post(client, RESET, key=key, **{"Idempotency-Key": "k"}), 409)
    assert not IdempotencyKey.objects.exists()
    problem(post(client, RESET, key=key, **{"Idempotency-Key": "k" * 256}), 400)


def test_old_idempotency_keys_are_forgotten():
    from cpo.tasks import forget_old_idempotency_keys

    now = clock.now()
    for days in (1, 8):
        IdempotencyKey.objects.create(
            owner="x", key=str(days), request_digest=b"", created_at=now - timedelta(days=days)
        )
    assert forget_old_idempotency_keys() == 1
    assert IdempotencyKey.objects.get().key == "1"


# --- Waiting --------------------------------------------------------------------------------


def test_waiting_for_nobody_ends_with_the_command_queued(client, charger):
    response = post(client, RESET | {"wait": 1}, key=key_for())
    assert (response.status_code, response.json()["status"]) == (202, CommandStatus.QUEUED)


def test_waiting_for_what_has_ended_answers_at_once(client, charger):
    key = key_for()
    post(client, RESET | {"wait": 1}, key=key, **{"Idempotency-Key": "k"})
    Command.objects.update(status="sent", sent_at=clock.now())
    Command.objects.update(status="failed", error="NotSupported: no")
    response = post(client, RESET | {"wait": 1}, key=key, **{"Idempotency-Key": "k"})
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["error"]) == ("failed", "NotSupported: no")


# --- Documentation --------------------------------------------------------------------------


def test_the_schema_describes_the_endpoints(client):
    response = client.get("/api/schema?format=json")
    schema = json.loads(response.content)
    assert schema["openapi"].startswith("3.1")
    operation = schema["paths"]["/api/chargers/{charger_id}/commands"]["post"]
    assert set(operation["responses"]) >= {"200", "202"}
    assert {"apiKey": []} in operation["security"]
    assert "/api/commands/{command_id}" in schema["paths"]


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("", "", "application/json"),
        ("", "*/*", "application/json"),
        ("", "application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ("", "application/yaml", "application/yaml"),
        ("?format=json", "application/yaml", "application/json"),
        ("?format=json", "text/html", "application/json"),
        ("?format=yaml", "application/json", "application/yaml"),
        ("?format=pdf", "*/*", "application/json"),
    ],
)
def test_the_schema_comes_in_the_wanted_format(query, accept, media_type, client, monkeypatch):
    # The document itself is drawn in the test above; here it is its form that counts.
    monkeypatch.setattr("unievp.lib.api.schema.drawn", lambda _language: {"openapi": "3.1.1"})
    response = client.get(f"/api/schema{query}", headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    assert response["Content-Type"].partition(";")[0] == media_type
    is_json = response.content.lstrip().startswith(b"{")
    assert is_json == media_type.endswith("json")


def test_the_docs_load_nothing_from_elsewhere(client):
    response = client.get("/api/docs")
    assert response.status_code == 200
    assert b"https://" not in response.content
    assert b"<script>" not in response.content


def test_the_browsable_api_shows_a_command_to_people(client, charger):
    client.force_login(make_member(charger.cpo))
    command = post(client, RESET).json()["id"]
    response = client.get(f"/api/commands/{command}", headers={"Accept": "text/html"})
    assert response.status_code == 200
    assert b"Soft" in response.content
