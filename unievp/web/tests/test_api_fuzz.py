"""Whatever is sent by the published document: no fault of ours, no answer that it does not tell."""

from __future__ import annotations

import copy
from typing import Any
from unittest.mock import AsyncMock

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from cpo.services.api_keys import create_api_key
from payments.api import payments as payment_endpoint
from unievp.web.tests.api_world import World, make_world, operations, published

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    # Files are streamed for ASGI; read here in one go.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse"),
]

# Of each kind, for each operation: all together stay below a minute, also on a busy machine.
EXAMPLES = 8
PROMISES = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# The same inputs each time: a refusal of CI can be repeated.
quickly = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def the_tests_connection():
    """A request through WSGI would close it, and with it the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch):
    monkeypatch.setattr(payment_endpoint, "CHECKOUT_WITHIN_S", 0)
    monkeypatch.setattr("chargers.api.commands.wait_for", AsyncMock(return_value=None))
    monkeypatch.setattr("unievp.lib.api.throttles.CallerThrottle.allow_request", lambda *_a: True)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_the_document_tells(mode):
    world = make_world("own")
    _key, text = create_api_key(name="Fuzz", cpo=None, actor="test")
    headers = {"Authorization": f"Api-Key {text}"}
    schema = schemathesis.openapi.from_dict(copy.deepcopy(published()))
    schema.app = get_wsgi_application()
    broken = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        try:
            fuzz(operation, mode, world, headers)
        except Unsatisfiable:
            # Any text is a good path: there is nothing wrong to send.
            assert mode is GenerationMode.NEGATIVE
        except Exception as error:  # noqa: BLE001  (all operations are looked at)
            broken[operation.label] = describe(error)
    assert broken == {}


def fuzz(operation: Any, mode: Any, world: World, headers: dict[str, str]) -> None:
    shown = operations()[operation.method.upper(), operation.path]

    @quickly
    @given(case=operation.as_strategy(generation_mode=mode), depth=st.integers(0, 2))
    def answer(case: Any, depth: int) -> None:
        if depth and isinstance(case.path_parameters, dict):
            # A row that is there: else most inputs end at a 404.
            case.path_parameters |= {
                name: value for name, value in world.ids.items() if name in case.path_parameters
            }
        if depth == 2 and isinstance(case.body, dict) and isinstance(shown.example, dict):
            # A body that works, with one part of the generated one.
            base = world.body(shown.example, shown.new_names)
            case.body = base | dict(list(case.body.items())[:1])
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        case.validate_response(response, checks=PROMISES)

    answer()


def describe(error: Exception) -> str:
    parts = getattr(error, "exceptions", [error])
    return "\n".join(str(part) for part in parts)[:1500]
