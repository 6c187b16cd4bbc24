"""The whole table of the interface contract (§3), from the published document only.

Bodies are the document's own examples with the ids of real rows in them.
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from django.db import transaction

from cpo.models import Scope
from cpo.services.api_keys import create_api_key
from payments.api import payments as payment_endpoint
from unievp.web.tests.api_world import Operation, World, make_world, operations, published

pytestmark = pytest.mark.django_db

# What the company's own key is answered, or the platform's where the path has a *.
CONTRACT = """
GET    /api/chargers                                             200
POST   /api/chargers                                             201
GET    /api/chargers/{charger_id}                                200
PATCH  /api/chargers/{charger_id}                                200
DELETE /api/chargers/{charger_id}                                204
PUT    /api/chargers/{charger_id}/status                         200
POST   /api/chargers/{charger_id}/commands                       202
GET    /api/commands/{command_id}                                200
POST   /api/client/remote-start                                  202
POST   /api/client/remote-stop                                   202
GET    /api/sessions                                             200
GET    /api/sessions/{session_id}                                200
GET    /api/sessions/{session_id}/readings                       200
GET    /api/analytics/dashboard                                  200
POST   /api/cpo/register                                         201 *
POST   /api/cpo/{cpo_id}/verify                                  200 *
GET    /api/cpo                                                  200
GET    /api/cpo/{cpo_id}                                         200
PATCH  /api/cpo/{cpo_id}                                         200
GET    /api/cpo/{cpo_id}/wallet                                  200
GET    /api/cpo/{cpo_id}/wallet/entries                          200
POST   /api/cpo/{cpo_id}/settlements/request                     409
GET    /api/cpo/{cpo_id}/settlements                             200
POST   /api/cpo/{cpo_id}/settlements/{settlement_id}/approve     200 *
POST   /api/cpo/{cpo_id}/settlements/{settlement_id}/reject      200 *
POST   /api/cpo/{cpo_id}/settlements/{settlement_id}/cancel      200
POST   /api/tariffs/templates                                    201
GET    /api/tariffs/templates                                    200
GET    /api/tariffs/templates/{template_id}                      200
PUT    /api/tariffs/templates/{template_id}                      200
DELETE /api/tariffs/templates/{template_id}                      409
POST   /api/tariffs/templates/{template_id}/preview              200
POST   /api/tariffs/assign                                       201
POST   /api/tickets                                              201
GET    /api/tickets                                              200
GET    /api/tickets/{ticket_id}                                  200
PUT    /api/tickets/{ticket_id}                                  200
POST   /api/tickets/{ticket_id}/comments                         201
GET    /api/tickets/{ticket_id}/comments                         200
POST   /api/payments/providers                                   201
GET    /api/payments/providers                                   200
PATCH  /api/payments/providers/{provider_id}                     200
DELETE /api/payments/providers/{provider_id}                     204
POST   /api/payments/providers/{provider_id}/test                200
POST   /api/payments/intent                                      201
GET    /api/payments/{payment_id}                                200
POST   /api/payments/{payment_id}/cancel                         200
POST   /api/payments/{payment_id}/refund                         422
POST   /api/evse/command                                         202
GET    /api/reports/transactions.csv                             200
POST   /api/apikeys                                              201
GET    /api/apikeys                                              200
DELETE /api/apikeys/{key_id}                                     204
POST   /api/webhooks                                             201
GET    /api/webhooks                                             200
GET    /api/roaming/locations                                    200 *
GET    /api/roaming/locations/{roaming_location_id}              200 *
POST   /api/roaming/start                                        202 *
POST   /api/roaming/stop                                         202 *
POST   /api/roaming/reserve                                      202 *
POST   /api/roaming/cancel-reservation                           202 *
POST   /api/roaming/unlock                                       202 *
GET    /api/roaming/commands/{roaming_command_id}                200 *
GET    /api/roaming/contracts                                    200 *
GET    /api/roaming/sessions                                     200 *
GET    /api/roaming/sessions/{roaming_session_id}                200 *
"""
LINES = [tuple(line.split()) for line in CONTRACT.strip().splitlines()]


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch):
    monkeypatch.setattr(payment_endpoint, "CHECKOUT_WITHIN_S", 0)


class Caller:
    """A key, and calls that are taken back."""

    def __init__(self, client: Any, cpo: Any) -> None:
        self.client = client
        self.key = create_api_key(name="Walk", cpo=cpo, scopes=[Scope.ALL], actor="test")[1]

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with transaction.atomic():
            response = self.client.generic(
                method,
                path,
                "" if body is None else json.dumps(body),
                content_type="application/json",
                headers={"Authorization": f"Api-Key {self.key}", "Accept-Language": "en"} | named,
            )
            transaction.set_rollback(True)
        return response


def body_of(operation: Operation, world: World) -> Any:
    return world.body(operation.example, operation.new_names)


def test_every_line_of_the_contract_answers_as_it_says(client):
    world = make_world("own")
    own, platform = Caller(client, world.cpo), Caller(client, None)
    wrong = []
    for method, path, status, *more in LINES:
        operation = operations()[method, path]
        response = (platform if more else own)(method, world.path(path), body_of(operation, world))
        if response.status_code != int(status):
            wrong.append((method, path, response.status_code, response.content[:300]))
        assert str(response.status_code) in operation.told["responses"], (method, path)
    assert wrong == []


def test_another_companys_rows_are_not_there(client):
    own, rival = make_world("own"), make_world("rival")
    call = Caller(client, own.cpo)
    wrong = []
    for (method, path), operation in operations().items():
        if "{" in path and own.path(path) != rival.path(path):
            response = call(method, rival.path(path), body_of(operation, own))
            # What is for staff alone may be refused before it is looked for.
            if response.status_code not in (404, 403):
                wrong.append((method, path, response.status_code))
    assert wrong == []


def test_a_body_that_names_another_companys_row_changes_nothing(client):
    own, rival = make_world("own"), make_world("rival")
    call = Caller(client, own.cpo)
    wrong = []
    for (method, path), operation in operations().items():
        body = body_of(operation, own)
        for name in set(body or ()) & set(own.ids) - operation.new_names - {"provider"}:
            response = call(method, own.path(path), body | {name: rival.ids[name]})
            refused = response.status_code in (400, 403, 404, 422)
            if not refused or any(mark in response.content.decode() for mark in rival.marks()):
                wrong.append((method, path, name, response.status_code, response.content[:300]))
    assert wrong == []


def test_each_wrong_part_of_a_body_is_named(client):
    world = make_world("own")
    call = Caller(client, None)
    wrong = []
    for (method, path), operation in operations().items():
        body = body_of(operation, world)
        for name, value in (body or {}).items():
            bad = "no" if isinstance(value, dict) else {"no": "such"}
            response = call(method, world.path(path), body | {name: bad})
            named = response.json().get("errors", {}) if response.status_code < 500 else {}
            if response.status_code != 400 or not any(key.startswith(name) for key in named):
                wrong.append((method, path, name, response.status_code, response.content[:300]))
    assert wrong == []


def test_what_is_missing_is_named(client):
    world = make_world("own")
    call = Caller(client, None)
    wrong = []
    for (method, path), operation in operations().items():
        for name in required(operation):
            response = call(method, world.path(path), {})
            if response.status_code != 400 or name not in response.json()["errors"]:
                wrong.append((method, path, name, response.status_code, response.content[:300]))
    assert wrong == []


def test_every_write_shows_a_body_that_its_own_schema_allows():
    for (method, path), operation in operations().items():
        content = operation.told.get("requestBody", {}).get("content")
        if content:
            assert operation.example is not None, f"{method} {path} shows no example"
            schema = content["application/json"]["schema"] | {
                "components": published()["components"]
            }
            jsonschema_rs.validate(schema, operation.example)


def test_every_refusal_is_a_problem_document_and_every_operation_is_explained():
    for (method, path), operation in operations().items():
        where = f"{method} {path}"
        for status in ("400", "401", "403", "404", "429"):
            content = operation.told["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], where
        assert operation.told["operationId"], where


def required(operation: Operation) -> list[str]:
    content = operation.told.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    found: list[str] = published()["components"]["schemas"].get(name, {}).get("required", [])
    return found
