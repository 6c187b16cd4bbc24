"""Money out (payments.md §1.6): payouts v2 or v3, by the configuration's `payout_version`."""

from __future__ import annotations

from typing import Final

from payments.gateways.base import NotFoundError, PayoutRequest, PayoutSnapshot, PayoutState
from payments.gateways.calls import Api, Json, path, text_of, whole

V3_HEADERS: Final = {"api-version": "2025-09-01"}
_V2_STATES: Final[dict[str, PayoutState]] = {
    "ACCEPTED": PayoutState.SUBMITTED,
    "PENDING_COMPLIANCE_ASSESSMENT": PayoutState.SUBMITTED,
    "REQUESTED": PayoutState.PROCESSING,
    "SUCCEEDED": PayoutState.PAID,
    "FAILED": PayoutState.FAILED,
    "COMPLIANCE_REJECTED": PayoutState.FAILED,
    "CANCELLED": PayoutState.CANCELLED,
    "REVERSED": PayoutState.REVERSED,
}
_V3_STATES: Final[dict[str, PayoutState]] = {
    "ACCEPTED": PayoutState.SUBMITTED,
    "PENDING_COMPLIANCE_REVIEW": PayoutState.SUBMITTED,
    "ROUTING": PayoutState.SUBMITTED,
    "READY": PayoutState.SUBMITTED,
    "LOCKED": PayoutState.SUBMITTED,
    "REQUESTED": PayoutState.PROCESSING,
    "SUCCEEDED": PayoutState.PAID,
    "FAILED": PayoutState.FAILED,
    "REJECTED": PayoutState.FAILED,
    "EXPIRED": PayoutState.FAILED,
    "CANCELLED": PayoutState.CANCELLED,
    "REVERSED": PayoutState.REVERSED,
}
_RETRYABLE: Final = frozenset({"INSUFFICIENT_BALANCE", "TEMPORARY_TRANSFER_ERROR"})


def create(api: Api, request: PayoutRequest, version: str) -> PayoutSnapshot:
    """The same reference sent again gives the first payout; another body is refused."""
    if version == "v3":
        headers = {**V3_HEADERS, "idempotency-key": request.reference}
        return _v3_snapshot(api.post("/v3/payouts", _v3_body(request), headers=headers))
    headers = {"Idempotency-key": request.reference}
    return _v2_snapshot(api.post("/v2/payouts", _v2_body(request), headers=headers))


def fetch(api: Api, request: PayoutRequest, gateway_id: str, version: str) -> PayoutSnapshot:
    if version == "v3":
        if not gateway_id:
            return _found(api.get("/v3/payouts", {"reference_id": request.reference}), request)
        return _v3_snapshot(api.get(path("v3", "payouts", gateway_id)))
    if gateway_id:
        return _v2_snapshot(api.get(path("v2", "payouts", gateway_id)))
    return _found(api.get("/v2/payouts", {"reference_id": request.reference}), request)


def cancel(api: Api, gateway_id: str, version: str) -> PayoutSnapshot:
    snapshot = _v3_snapshot if version == "v3" else _v2_snapshot
    return snapshot(api.post(path(version, "payouts", gateway_id, "cancel")))


def _found(listed: object, request: PayoutRequest) -> PayoutSnapshot:
    rows = listed.get("data") if isinstance(listed, dict) else listed
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("reference_id") == request.reference:
            return _v3_snapshot(row) if "payout_id" in row else _v2_snapshot(row)
    raise NotFoundError("Xendit knows no payout by this reference", code="404")


def _v2_body(request: PayoutRequest) -> Json:
    body: Json = {
        "reference_id": request.reference,
        "channel_code": f"ID_{request.bank_code}",
        "channel_properties": {
            "account_number": request.account_number,
            "account_holder_name": request.account_name,
        },
        "amount": request.amount,
        "currency": request.currency,
        "description": request.description[:100],
    }
    if request.email:
        body["receipt_notification"] = {"email_to": [request.email]}
    return body


def _v3_body(request: PayoutRequest) -> Json:
    return {
        "reference_id": request.reference,
        "recipient": {
            "type": "BUSINESS",
            "business_name": request.account_name,
            "relationship": "BUSINESS_PARTNER",
            "address": {"country": "ID"},
            "account_details": {
                "currency": request.currency,
                "account_country": "ID",
                "account_holder_name": request.account_name,
                "account_number": request.account_number,
                "routing_type_1": "SWIFT",
                "routing_value_1": request.bank_code,
            },
        },
        "payout_details": {
            "source_currency": request.currency,
            "source_amount": request.amount,
            "destination_currency": request.currency,
        },
        "source_of_fund": "BUSINESS_REVENUE",
        "purpose_code": "OTHER",
        "description": request.description[:100],
    }


def _v2_snapshot(answer: Json) -> PayoutSnapshot:
    failure = text_of(answer.get("failure_code"))
    return PayoutSnapshot(
        state=_V2_STATES.get(text_of(answer.get("status")).upper(), PayoutState.UNKNOWN),
        reference=text_of(answer.get("reference_id")),
        gateway_id=text_of(answer.get("id")),
        amount=whole(answer.get("amount")),
        failure=failure,
        retryable=failure in _RETRYABLE,
        raw=answer,
    )


def _v3_snapshot(answer: Json) -> PayoutSnapshot:
    failure = text_of(answer.get("failure_code"))
    details = answer.get("payout_details") or {}
    return PayoutSnapshot(
        state=_V3_STATES.get(text_of(answer.get("status")).upper(), PayoutState.UNKNOWN),
        reference=text_of(answer.get("reference_id")),
        gateway_id=text_of(answer.get("payout_id")),
        amount=whole(details.get("source_amount")),
        failure=failure,
        retryable=failure in _RETRYABLE,
        raw=answer,
    )
