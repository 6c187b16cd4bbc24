"""Refunds (payments.md §1.5): some methods and issuers have none, and then a payout must do."""

from __future__ import annotations

from typing import Final

from payments.gateways.base import (
    NotFoundError,
    RefundRequest,
    RefundSnapshot,
    RefundState,
    RefusedError,
    UnsupportedError,
)
from payments.gateways.calls import Api, Json, path, text_of, whole

_STATES: Final[dict[str, RefundState]] = {
    "PENDING": RefundState.PENDING,
    "SUCCEEDED": RefundState.SUCCEEDED,
    "FAILED": RefundState.FAILED,
    "CANCELLED": RefundState.FAILED,
}
_NEVER: Final = frozenset(
    {
        "REFUND_NOT_SUPPORTED",
        "PARTIAL_REFUND_NOT_SUPPORTED",
        "PARTIAL_REFUND_COUNTS_EXCEEDED",
        "INELIGIBLE_TRANSACTION_STATUS",
    }
)


def create(api: Api, request: RefundRequest) -> RefundSnapshot:
    gateway_id = request.payment.gateway_id
    if gateway_id.startswith("ps-"):
        # A session's money came by the payment request behind it.
        session = api.get(path("sessions", gateway_id))
        gateway_id = text_of(session.get("payment_request_id"))
    of = "payment_request_id" if gateway_id.startswith("pr-") else "invoice_id"
    body: Json = {
        "reference_id": request.reference,
        of: gateway_id,
        "currency": request.currency,
        "amount": request.amount,
        "reason": "REQUESTED_BY_CUSTOMER",
        "metadata": {"note": request.reason[:100]},
    }
    try:
        answer = api.post("/refunds", body, headers={"idempotency-key": request.reference})
    except RefusedError as refusal:
        if refusal.code in _NEVER:
            raise UnsupportedError(str(refusal), code=refusal.code) from refusal
        raise
    return _snapshot(answer)


def fetch(api: Api, request: RefundRequest, gateway_id: str) -> RefundSnapshot:
    if gateway_id:
        return _snapshot(api.get(path("refunds", gateway_id)))
    listed = api.get("/refunds", {"payment_request_id": request.payment.gateway_id})
    rows = listed.get("data") if isinstance(listed, dict) else listed
    for row in rows or ():
        if isinstance(row, dict) and row.get("reference_id") == request.reference:
            return _snapshot(row)
    raise NotFoundError("Xendit knows no refund by this reference", code="404")


def _snapshot(answer: Json) -> RefundSnapshot:
    return RefundSnapshot(
        state=_STATES.get(text_of(answer.get("status")).upper(), RefundState.UNKNOWN),
        reference=text_of(answer.get("reference_id")),
        gateway_id=text_of(answer.get("id")),
        amount=whole(answer.get("amount")),
        failure=text_of(answer.get("failure_code")),
        raw=answer,
    )
