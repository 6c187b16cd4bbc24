"""Xendit behind the gateway contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from payments.gateways.base import (
    Credentials,
    GatewayTransaction,
    Hint,
    Method,
    PaymentHandle,
    PaymentRequest,
    PaymentSnapshot,
    PayoutRequest,
    PayoutSnapshot,
    RefundRequest,
    RefundSnapshot,
    UnsupportedError,
)
from payments.gateways.calls import Api, Json, text_of, when, whole
from payments.gateways.xendit import payments, payouts, refunds, webhooks

BASE_URL: Final = "https://api.xendit.co"
SANDBOX_PREFIX: Final = "xnd_development_"
_PAGE: Final = 50
_KINDS: Final = {"PAYMENT": "payment", "REFUND": "refund", "DISBURSEMENT": "payout"}


class Xendit:
    """One address for test and live: the key decides."""

    methods: frozenset[Method] = frozenset({*payments.CHANNELS, Method.HOSTED})
    tells_transactions = True
    balance_is_whole = True

    def __init__(
        self, credentials: Credentials, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        base_url = credentials.base_url or BASE_URL
        self._credentials = credentials
        self._api = Api(base_url, credentials.api_key, transport=transport)
        payout_key = credentials.payout_key or credentials.api_key
        self._payout_api = Api(base_url, payout_key, transport=transport)

    def create_payment(self, request: PaymentRequest) -> PaymentSnapshot:
        return payments.create(self._api, request)

    def fetch_payment(self, payment: PaymentHandle) -> PaymentSnapshot:
        return payments.fetch(self._api, payment)

    def cancel_payment(self, payment: PaymentHandle) -> PaymentSnapshot:
        return payments.cancel(self._api, payment)

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        return refunds.create(self._api, request)

    def fetch_refund(self, request: RefundRequest, gateway_id: str) -> RefundSnapshot:
        return refunds.fetch(self._api, request, gateway_id)

    def create_payout(self, request: PayoutRequest) -> PayoutSnapshot:
        return payouts.create(self._payout_api, request, self._credentials.payout_version)

    def fetch_payout(self, request: PayoutRequest, gateway_id: str) -> PayoutSnapshot:
        version = self._credentials.payout_version
        return payouts.fetch(self._payout_api, request, gateway_id, version)

    def cancel_payout(self, request: PayoutRequest, gateway_id: str) -> PayoutSnapshot:  # noqa: ARG002 (the contract)
        return payouts.cancel(self._payout_api, gateway_id, self._credentials.payout_version)

    def account_name(self, bank_code: str, account_number: str) -> str:  # noqa: ARG002 (the contract)
        raise UnsupportedError("Xendit does not tell whose account it is", code="unsupported")

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> list[Hint]:
        return webhooks.verify(headers, body, self._credentials.webhook_secret)

    def balance(self) -> int:
        return whole(self._api.get("/balance", {"account_type": "CASH"}).get("balance"))

    def transactions(self, since: datetime, until: datetime) -> Iterator[GatewayTransaction]:
        """Newest first, page by page (payments.md §1.8)."""
        params = {
            "limit": str(_PAGE),
            "updated[gte]": _stamp(since),
            "updated[lte]": _stamp(until),
        }
        while True:
            page = self._api.get("/transactions", params)
            rows = [row for row in page.get("data") or () if isinstance(row, dict)]
            yield from map(_transaction, rows)
            if not page.get("has_more") or not rows:
                return
            params = {**params, "after_id": text_of(rows[-1].get("id"))}

    def test_connection(self) -> str:
        return f"Balance: {self.balance()}"


def _transaction(row: Json) -> GatewayTransaction:
    fee: Any = row.get("fee") or {}
    return GatewayTransaction(
        id=text_of(row.get("id")),
        kind=_KINDS.get(text_of(row.get("type")), "other"),
        reference=text_of(row.get("reference_id")),
        product_id=text_of(row.get("product_id")),
        amount=whole(row.get("amount")),
        net_amount=whole(row.get("net_amount")),
        fee=whole(fee.get("xendit_fee") or 0),
        tax_on_fee=whole(fee.get("value_added_tax") or 0),
        settled=_is_settled(row),
        at=when(row.get("updated") or row.get("created")) or datetime.now(tz=UTC),
        raw=row,
    )


def _is_settled(row: Json) -> bool:
    """Money that goes out is not settled later: it went, or not."""
    if row.get("status") != "SUCCESS":
        return False
    word = row.get("settlement_status")
    return word in ("SETTLED", "EARLY_SETTLED") or (word is None and row.get("type") != "PAYMENT")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
