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


def test_every_post_that_writes_happens_once_per_key(send):
    world, wrong = make_world("own"), []
    for operation in writes("POST"):
        if operation.told["operationId"] in ONLY_ASK:
            continue
        if "Idempotency-Key" not in operation.names("header"):
            wrong.append((operation.path, "does not tell of Idempotency-Key"))
        with transaction.atomic():
            first = send(operation, world, **{"Idempotency-Key": "once"})
            again = send(operation, world, **{"Idempotency-Key": "once"})
            transaction.set_rollback(True)
        if first.status_code < 300 and again.headers.get("Idempotency-Replayed") != "true":
            wrong.append((operation.path, first.status_code, again.status_code))
    assert wrong == []


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
