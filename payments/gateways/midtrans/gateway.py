"""Midtrans behind the gateway contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

import httpx

from payments.gateways.base import (
    Credentials,
    GatewayTransaction,
    Hint,
    Method,
    NotFoundError,
    PaymentHandle,
    PaymentRequest,
    PaymentSnapshot,
    PayoutRequest,
    PayoutSnapshot,
    RefundRequest,
    RefundSnapshot,
)
from payments.gateways.calls import Api, whole
from payments.gateways.midtrans import payments, payouts, webhooks
from payments.gateways.midtrans.api import checked

_HOSTS: Final = {
    "sandbox": ("https://api.sandbox.midtrans.com", "https://app.sandbox.midtrans.com"),
    "production": ("https://api.midtrans.com", "https://app.midtrans.com"),
}


class Midtrans:
    """Three hosts: Core API, Snap and Iris; a `base_url` of the configuration serves all."""

    methods: frozenset[Method] = payments.METHODS
    tells_transactions = False
    balance_is_whole = False

    def __init__(
        self, credentials: Credentials, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        core, app = _HOSTS[credentials.environment]
        if credentials.base_url:
            core = app = credentials.base_url
        self._credentials = credentials
        self._core = Api(core, credentials.api_key, transport=transport)
        self._snap = Api(f"{app}/snap/v1", credentials.api_key, transport=transport)
        self._creator = Api(f"{app}/iris", credentials.payout_key, transport=transport)
        self._approver = Api(f"{app}/iris", credentials.approver_key, transport=transport)

    def create_payment(self, request: PaymentRequest) -> PaymentSnapshot:
        return payments.create(self._core, self._snap, request)

    def fetch_payment(self, payment: PaymentHandle) -> PaymentSnapshot:
        return payments.fetch(self._core, payment)

    def cancel_payment(self, payment: PaymentHandle) -> PaymentSnapshot:
        return payments.cancel(self._core, payment)

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        return payments.refund(self._core, request)

    def fetch_refund(self, request: RefundRequest, gateway_id: str) -> RefundSnapshot:  # noqa: ARG002 (the contract)
        return payments.fetch_refund(self._core, request)

    def create_payout(self, request: PayoutRequest) -> PayoutSnapshot:
        return payouts.create(self._creator, self._approver, request)

    def fetch_payout(self, request: PayoutRequest, gateway_id: str) -> PayoutSnapshot:
        return payouts.fetch(self._creator, self._approver, request, gateway_id)

    def cancel_payout(self, request: PayoutRequest, gateway_id: str) -> PayoutSnapshot:
        return payouts.cancel(self._approver, request, gateway_id)

    def account_name(self, bank_code: str, account_number: str) -> str:
        return payouts.account_name(self._creator, bank_code, account_number)

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> list[Hint]:
        credentials = self._credentials
        return webhooks.verify(
            headers,
            body,
            signature_key=credentials.signature_key or credentials.api_key,
            iris_key=credentials.webhook_secret,
        )

    def balance(self) -> int:
        return whole(checked(self._creator.get("/api/v1/balance")).get("balance"))

    def transactions(self, since: datetime, until: datetime) -> Iterator[GatewayTransaction]:  # noqa: ARG002 (the contract)
        """None by API: fees come by the configuration's table and the dashboard's reports."""
        return iter(())

    def test_connection(self) -> str:
        """A status of nothing: 404 with a good key, 401 with a bad one."""
        with suppress(NotFoundError):
            checked(self._core.get("/v2/uniev-connection-test/status"))
        return "The key is good"
