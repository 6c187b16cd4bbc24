"""Every write of the API, by its document: repeated it happens once, changed meanwhile it waits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction

from cpo.services.api_keys import create_api_key
from payments.api import payments as payment_endpoint
from unievp.devtools.permissions import permission_rows
from unievp.web.tests.api_world import Operation, World, make_world, operations

pytestmark = pytest.mark.django_db

# They change no row of ours, so there is nothing to repeat.
ONLY_ASK = {"provider_test"}
SHOWN_ONCE = {"key", "secret", "authorization_key"}


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch):
    monkeypatch.setattr(payment_endpoint, "CHECKOUT_WITHIN_S", 0)


@pytest.fixture
def send(client):
    key = create_api_key(name="Writes", actor="test")[1]

    def request(operation: Operation, world: World, path: str = "", **headers: str) -> Any:
        body = world.body(operation.example, operation.new_names)
        return client.generic(
            operation.method,
            path or world.path(operation.path),
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Api-Key {key}"} | headers,
        )

    return request


def writes(*methods: str) -> list[Operation]:
    scopes = {(row.method, row.path): row.scope or "" for row in permission_rows()}
    return [
        operation
        for where, operation in operations().items()
        if operation.method in methods and scopes[where].endswith(":write")
    ]


def test_every_write_happens_once_per_key(send):
    """Also where the first one has made another version, or there is nothing left."""
    world, wrong = make_world("own"), []
    for operation in writes("POST", "PUT", "PATCH", "DELETE"):
        if operation.told["operationId"] in ONLY_ASK:
            continue
        if "Idempotency-Key" not in operation.names("header"):
            wrong.append((operation.path, "does not tell of Idempotency-Key"))
        headers = {"Idempotency-Key": "once"}
        if operation.method in ("PUT", "PATCH"):
            headers["If-Match"] = send(readable(operation), world)["ETag"]
        with transaction.atomic():
            first = send(operation, world, **headers)
            again = send(operation, world, **headers)
            transaction.set_rollback(True)
        replayed = again.headers.get("Idempotency-Replayed") == "true"
        alike = (again.status_code, shown(again)) == (first.status_code, shown(first))
        if first.status_code < 300 and not (replayed and alike):
            wrong.append((operation.method, operation.path, first.status_code, again.status_code))
    assert wrong == []


def shown(response: Any) -> Any:
    """Without what is shown once, and masked in the repetition."""
    body = response.json() if response.content else {}
    return {name: value for name, value in body.items() if name not in SHOWN_ONCE}


def test_every_change_takes_if_match(send):
    world, wrong = make_world("own"), []
    for operation in writes("PUT", "PATCH"):
        shown = send(readable(operation), world)
        with transaction.atomic():
            stale = send(operation, world, **{"If-Match": '"of-yesterday"'})
            fresh = send(operation, world, **{"If-Match": shown["ETag"]})
            transaction.set_rollback(True)
        declared = "If-Match" in operation.names("header")
        if (stale.status_code, fresh.status_code, declared) != (412, 200, True):
            wrong.append((operation.path, stale.status_code, fresh.status_code, declared))
    assert wrong == []


def readable(operation: Operation) -> Operation:
    """What shows the thing that `operation` changes: its own address, or the one above."""
    known = operations()
    own = known.get(("GET", operation.path))
    return own or known["GET", operation.path.rpartition("/")[0]]
