"""Addresses that we give to drivers and gateways."""

from __future__ import annotations

from django.conf import settings

from payments.models import PaymentIntent


def payment_page_url(intent: PaymentIntent) -> str:
    """The driver's page of one payment: its secret is the only key."""
    return f"{settings.PUBLIC_URL}/pay/p/{intent.secret}"
