"""Money in: payment requests v3, sessions for the hosted page, invoices v2 where those are closed.

The id at the gateway says which of the three a payment is: `pr-…`, `ps-…`, or an invoice's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from payments.gateways.base import (
    Checkout,
    Method,
    NotFoundError,
    PaymentHandle,
    PaymentRequest,
    PaymentSnapshot,
    PaymentState,
    RefusedError,
    UnsupportedError,
)
from payments.gateways.calls import Api, Json, path, text_of, when, whole

API_VERSION: Final = {"api-version": "2024-11-11"}

CHANNELS: Final[dict[Method, str]] = {
    Method.QRIS: "QRIS",
    Method.DANA: "DANA",
    Method.GOPAY: "GOPAY",
    Method.SHOPEEPAY: "SHOPEEPAY",
    Method.LINKAJA: "LINKAJA",
    Method.VA_BCA: "BCA_VIRTUAL_ACCOUNT",
    Method.VA_BNI: "BNI_VIRTUAL_ACCOUNT",
    Method.VA_BRI: "BRI_VIRTUAL_ACCOUNT",
    Method.VA_MANDIRI: "MANDIRI_VIRTUAL_ACCOUNT",
    Method.VA_PERMATA: "PERMATA_VIRTUAL_ACCOUNT",
    Method.VA_BSI: "BSI_VIRTUAL_ACCOUNT",
}
_WALLETS: Final = frozenset({Method.DANA, Method.GOPAY, Method.SHOPEEPAY, Method.LINKAJA})

_STATES: Final[dict[str, PaymentState]] = {
    "REQUIRES_ACTION": PaymentState.REQUIRES_ACTION,
    "ACCEPTING_PAYMENTS": PaymentState.REQUIRES_ACTION,
    "ACTIVE": PaymentState.REQUIRES_ACTION,
    "PENDING": PaymentState.PROCESSING,
    "AUTHORIZED": PaymentState.AUTHORIZED,
    "SUCCEEDED": PaymentState.SUCCEEDED,
    "COMPLETED": PaymentState.SUCCEEDED,
    "FAILED": PaymentState.FAILED,
    "CANCELED": PaymentState.CANCELED,
    "EXPIRED": PaymentState.EXPIRED,
}
_INVOICE_STATES: Final[dict[str, PaymentState]] = {
    "PENDING": PaymentState.REQUIRES_ACTION,
    "PAID": PaymentState.SUCCEEDED,
    "SETTLED": PaymentState.SUCCEEDED,
    "EXPIRED": PaymentState.EXPIRED,
}
_LEAST_S: Final = 60
# A key may be without one of the products; the next older one does the same.
_CLOSED: Final = frozenset({"REQUEST_FORBIDDEN_ERROR", "INVALID_MERCHANT_SETTINGS", "404"})


def create(api: Api, request: PaymentRequest) -> PaymentSnapshot:
    if request.method == Method.HOSTED:
        return _create_hosted(api, request)
    if request.method not in CHANNELS:
        raise UnsupportedError(f"Xendit does not offer {request.method} without its own page")
    answer = api.post(
        "/v3/payment_requests",
        {
            "reference_id": request.reference,
            "type": "PAY",
            "country": "ID",
            "currency": request.currency,
            "request_amount": request.amount,
            "capture_method": "AUTOMATIC",
            "channel_code": CHANNELS[request.method],
            "channel_properties": _channel_properties(request),
            "description": request.description[:200],
            "metadata": dict(request.metadata),
        },
        headers=API_VERSION,
    )
    return _request_snapshot(answer)


def fetch(api: Api, payment: PaymentHandle) -> PaymentSnapshot:
    gateway_id = payment.gateway_id
    if gateway_id.startswith("pr-"):
        answer = api.get(path("v3", "payment_requests", gateway_id))
        return _with_payment(
            api, _request_snapshot(answer), text_of(answer.get("latest_payment_id"))
        )
    if gateway_id.startswith("ps-"):
        answer = api.get(path("sessions", gateway_id))
        return _with_payment(api, _session_snapshot(answer), text_of(answer.get("payment_id")))
    if gateway_id:
        return _invoice_snapshot(api.get(path("v2", "invoices", gateway_id)))
    return _find_invoice(api, payment)


def cancel(api: Api, payment: PaymentHandle) -> PaymentSnapshot:
    gateway_id = payment.gateway_id
    if gateway_id.startswith("pr-"):
        return _request_snapshot(
            api.post(path("v3", "payment_requests", gateway_id, "cancel"), headers=API_VERSION)
        )
    if gateway_id.startswith("ps-"):
        return _session_snapshot(api.post(path("sessions", gateway_id, "cancel")))
    return _invoice_snapshot(api.post(f"{path('invoices', gateway_id)}/expire!"))


def _channel_properties(request: PaymentRequest) -> Json:
    if request.method in _WALLETS and request.return_url.startswith("https://"):
        return {
            "success_return_url": request.return_url,
            "failure_return_url": request.return_url,
            "cancel_return_url": request.return_url,
        }
    if request.method.startswith("va_"):
        return {"display_name": "UNIEV", "expires_at": _stamp(request)}
    return {}


def _create_hosted(api: Api, request: PaymentRequest) -> PaymentSnapshot:
    body: Json = {
        "reference_id": request.reference,
        "session_type": "PAY",
        "mode": "PAYMENT_LINK",
        "country": "ID",
        "currency": request.currency,
        "amount": request.amount,
        "description": request.description[:200],
        "expires_at": _stamp(request),
        "metadata": dict(request.metadata),
    }
    if request.return_url.startswith("https://"):
        body |= {
            "success_return_url": request.return_url,
            "cancel_return_url": request.return_url,
        }
    try:
        return _session_snapshot(api.post("/sessions", body))
    except RefusedError as refusal:
        if refusal.code not in _CLOSED:
            raise
    return _create_invoice(api, request)


def _create_invoice(api: Api, request: PaymentRequest) -> PaymentSnapshot:
    """No idempotency is offered: look before creating, in case an earlier try got through."""
    handle = PaymentHandle(request.reference, method=Method.HOSTED)
    try:
        return _find_invoice(api, handle)
    except NotFoundError:
        pass
    left = request.expires_at - datetime.now(tz=UTC)
    body: Json = {
        "external_id": request.reference,
        "amount": request.amount,
        "currency": request.currency,
        "description": request.description[:200],
        "invoice_duration": max(_LEAST_S, round(left.total_seconds())),
        "should_send_email": False,
    }
    if request.return_url.startswith("https://"):
        body |= {
            "success_redirect_url": request.return_url,
            "failure_redirect_url": request.return_url,
        }
    return _invoice_snapshot(api.post("/v2/invoices", body))


def _find_invoice(api: Api, payment: PaymentHandle) -> PaymentSnapshot:
    found = api.get("/v2/invoices", {"external_id": payment.reference})
    if not isinstance(found, list) or not found:
        raise NotFoundError("Xendit knows no payment by this reference", code="404")
    return _invoice_snapshot(found[0])


def _request_snapshot(answer: Json) -> PaymentSnapshot:
    return PaymentSnapshot(
        state=_STATES.get(text_of(answer.get("status")).upper(), PaymentState.UNKNOWN),
        gateway_id=text_of(answer.get("payment_request_id")),
        reference=text_of(answer.get("reference_id")),
        amount=whole(answer.get("request_amount")),
        currency=text_of(answer.get("currency")),
        payment_id=text_of(answer.get("latest_payment_id")),
        channel=text_of(answer.get("channel_code")),
        checkout=_checkout(answer),
        raw=answer,
    )


def _checkout(answer: Json) -> Checkout:
    values: dict[str, str] = {}
    for action in answer.get("actions") or ():
        if isinstance(action, dict):
            values.setdefault(text_of(action.get("descriptor")), text_of(action.get("value")))
    number = values.get("VIRTUAL_ACCOUNT_NUMBER", "")
    return Checkout(
        qr_string=values.get("QR_STRING", ""),
        url=values.get("WEB_URL") or values.get("DEEPLINK_URL") or "",
        va_number=number,
        va_bank=text_of(answer.get("channel_code")).partition("_")[0] if number else "",
    )


def _with_payment(api: Api, snapshot: PaymentSnapshot, payment_id: str) -> PaymentSnapshot:
    """What came is the payment's business: also of a request that expired a moment before."""
    if not payment_id:
        return snapshot
    payment = api.get(path("v3", "payments", payment_id))
    state = _STATES.get(text_of(payment.get("status")).upper(), PaymentState.UNKNOWN)
    ended = {PaymentState.FAILED, PaymentState.CANCELED, PaymentState.EXPIRED}
    if state in ended and snapshot.state == PaymentState.REQUIRES_ACTION:
        # One try failed; the driver may try again on the same request.
        return snapshot
    captures = [each for each in payment.get("captures") or () if isinstance(each, dict)]
    amount = sum(whole(each.get("capture_amount")) for each in captures)
    return replace(
        snapshot,
        state=state,
        payment_id=payment_id,
        amount=amount or whole(payment.get("request_amount") or snapshot.amount),
        currency=text_of(payment.get("currency")) or snapshot.currency,
        paid_at=when(captures[0].get("capture_timestamp")) if captures else None,
        channel=text_of(payment.get("channel_code")) or snapshot.channel,
        raw={"request": snapshot.raw, "payment": payment},
    )


def _session_snapshot(answer: Json) -> PaymentSnapshot:
    return PaymentSnapshot(
        state=_STATES.get(text_of(answer.get("status")).upper(), PaymentState.UNKNOWN),
        gateway_id=text_of(answer.get("payment_session_id")),
        reference=text_of(answer.get("reference_id")),
        amount=whole(answer.get("amount")),
        currency=text_of(answer.get("currency")),
        payment_id=text_of(answer.get("payment_id")),
        checkout=Checkout(url=text_of(answer.get("payment_link_url"))),
        expires_at=when(answer.get("expires_at")),
        raw=answer,
    )


def _invoice_snapshot(answer: Json) -> PaymentSnapshot:
    state = _INVOICE_STATES.get(text_of(answer.get("status")).upper(), PaymentState.UNKNOWN)
    paid = state == PaymentState.SUCCEEDED
    amount: Any = answer.get("paid_amount") if paid else None
    gateway_id = text_of(answer.get("id"))
    return PaymentSnapshot(
        state=state,
        gateway_id=gateway_id,
        reference=text_of(answer.get("external_id")),
        amount=whole(answer.get("amount") if amount is None else amount),
        currency=text_of(answer.get("currency")) or "IDR",
        payment_id=(text_of(answer.get("payment_id")) or gateway_id) if paid else "",
        paid_at=when(answer.get("paid_at")),
        channel=text_of(answer.get("payment_channel")),
        checkout=Checkout(url=text_of(answer.get("invoice_url"))),
        expires_at=when(answer.get("expiry_date")),
        raw=answer,
    )


def _stamp(request: PaymentRequest) -> str:
    return request.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
