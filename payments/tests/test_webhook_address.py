"""Where gateways call: believed by its token, stored once, answered at once, closed to the rest."""

from __future__ import annotations

import json
import uuid

import pytest
from django.urls import reverse

from payments.models import WebhookDelivery
from payments.tests.fake_gateway import TOKEN
from payments.tests.payments import begin

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt(fake):
    return begin(fake).attempts.get()


def address(config, provider="xendit", slug=None):
    return f"/api/payments/webhooks/{provider}/{slug or config.webhook_slug}"


def notification(attempt):
    told = {"payment_id": "py-1", "payment_request_id": attempt.gateway_id, "status": "SUCCEEDED"}
    body = {"event": "payment.capture", "data": {**told, "reference_id": attempt.reference}}
    return json.dumps(body)


def send(client, url, body, token=TOKEN, **headers):
    sent = {"X-Callback-Token": token, **headers}
    answer = client.post(url, body, content_type="application/json", headers=sent)
    return answer.status_code


def test_notification_is_stored_once_however_often_it_comes(client, attempt):
    url = address(attempt.config)
    named = reverse("payment-webhook", args=("xendit", attempt.config.webhook_slug))
    assert url == named
    assert [send(client, url, notification(attempt)) for _ in range(2)] == [200, 200]
    stored = WebhookDelivery.objects.get()
    assert (stored.reference, stored.processed_at) == (attempt.reference, None)


def test_what_is_not_the_gateways_is_turned_away(client, attempt):
    body, config = notification(attempt), attempt.config
    assert send(client, address(config), body, token="guess") == 401
    assert send(client, address(config, slug=uuid.uuid4()), body) == 404
    assert send(client, address(config, provider="midtrans"), body) == 404
    assert send(client, address(config), "x" * (64 * 1024 + 1)) == 413
    assert client.get(address(config)).status_code == 405
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("body", ["", "null", "[]", "{", '{"data": 5}', '{"event": "\\u0000"}'])
def test_nonsense_with_the_right_token_is_no_fault_of_ours(client, attempt, body):
    assert send(client, address(attempt.config), body) < 500
