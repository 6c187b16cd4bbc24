"""Addresses of payments that are no pages: gateways call here."""

from __future__ import annotations

from django.urls import path

from payments.views import payment_webhook

urlpatterns = [
    path(
        "api/payments/webhooks/<slug:provider>/<uuid:slug>",
        payment_webhook,
        name="payment-webhook",
    ),
]
