"""Payments against the fake gateway, step by step as the worker and the sweeps take them."""

from __future__ import annotations

import json
import time
from typing import Any

from payments.gateways.base import Method
from payments.models import PaymentIntent, ProviderConfig, Refund, WebhookDelivery
from payments.services import webhooks
from payments.services.intents.creating import Wish, create_intent
from payments.services.intents.sending import send_attempt
from payments.services.refunds.sending import check_refund, send_refund
from payments.tests.factories import make_paid_cpo
from payments.tests.fake_gateway import IRIS_KEY, MIDTRANS_KEY, TOKEN, XENDIT_KEY, FakeGateway

EVERY_METHOD = [method.value for method in Method]


def make_provider(fake: FakeGateway, provider: str = "xendit", **values: Any) -> ProviderConfig:
    xendit = provider == "xendit"
    defaults: dict[str, Any] = {
        "provider": provider,
        "environment": "sandbox",
        "name": f"Fake {provider}",
        "methods": EVERY_METHOD,
        "api_key": XENDIT_KEY if xendit else MIDTRANS_KEY,
        "payout_key": XENDIT_KEY if xendit else "iris-creator",
        "approver_key": "iris-approver",
        "webhook_secret": TOKEN if xendit else IRIS_KEY,
        "base_url": fake.url,
        "for_payouts": True,
    }
    return ProviderConfig.objects.create(**{**defaults, **values})


def begin(
    fake: FakeGateway, *, amount: int = 50_000, method: str = "qris", **wish: Any
) -> PaymentIntent:
    """An intent whose first attempt was sent to the gateway."""
    if not ProviderConfig.objects.exists():
        make_provider(fake)
    cpo = wish.pop("cpo", None) or make_paid_cpo()
    intent = create_intent(cpo, Wish(amount, method, **wish), created_by="test")
    send_attempt(intent.attempts.get().pk)
    intent.refresh_from_db()
    return intent


def notify(intent: PaymentIntent, **data: Any) -> int:
    """The webhook that the gateway sends for the latest attempt; how many deliveries are new."""
    attempt = intent.attempts.order_by("-number")[0]
    body = {
        "event": "payment.capture",
        "data": {
            "payment_id": f"py-of-{attempt.reference}",
            "payment_request_id": attempt.gateway_id,
            "reference_id": attempt.reference,
            "status": "SUCCEEDED",
            **data,
        },
    }
    return webhooks.receive(
        attempt.config,
        headers={"x-callback-token": TOKEN},
        body=json.dumps(body).encode(),
    )


def work_off_webhooks() -> None:
    for delivery in WebhookDelivery.objects.filter(processed_at__isnull=True):
        webhooks.process_delivery(delivery.pk)


def pay(fake: FakeGateway, intent: PaymentIntent, **options: Any) -> PaymentIntent:
    """The driver pays the latest attempt; its webhook arrives and is worked off."""
    attempt = intent.attempts.order_by("-number")[0]
    fake.pay(attempt.reference, **options)
    notify(intent)
    work_off_webhooks()
    intent.refresh_from_db()
    return intent


def refund_all(intent: PaymentIntent, seconds: float = 5.0) -> list[Refund]:
    """Send every refund of the intent and follow it until it is neither sent nor pending."""
    deadline = time.monotonic() + seconds
    refunds = list(intent.refunds.order_by("created_at"))
    for refund in refunds:
        current = send_refund(refund.pk)
        while current.status in ("pending", "unknown"):
            assert time.monotonic() < deadline, current.status
            current = check_refund(refund.pk)
            time.sleep(0.01)
    return list(intent.refunds.order_by("created_at"))
