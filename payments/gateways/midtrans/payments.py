"""Money in: Core API charges, and Snap for the hosted page (payments.md §2.2 to §2.4)."""

from __future__ import annotations

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
    RefundRequest,
    RefundSnapshot,
    RefundState,
    RefusedError,
    UnsupportedError,
)
from payments.gateways.calls import Api, Json, path, text_of, whole
from payments.gateways.midtrans.api import checked, local_time, stamp

_BANKS: Final[dict[Method, str]] = {
    Method.VA_BCA: "bca",
    Method.VA_BNI: "bni",
    Method.VA_BRI: "bri",
    Method.VA_CIMB: "cimb",
    Method.VA_PERMATA: "permata",
    Method.VA_BSI: "bsi",
}
METHODS: Final = frozenset({Method.QRIS, Method.GOPAY, Method.VA_MANDIRI, Method.HOSTED, *_BANKS})

_STATES: Final[dict[str, PaymentState]] = {
    "pending": PaymentState.REQUIRES_ACTION,
    "authorize": PaymentState.AUTHORIZED,
    "settlement": PaymentState.SUCCEEDED,
    "capture": PaymentState.SUCCEEDED,
    "refund": PaymentState.SUCCEEDED,
    "partial_refund": PaymentState.SUCCEEDED,
    "deny": PaymentState.FAILED,
    "failure": PaymentState.FAILED,
    "cancel": PaymentState.CANCELED,
    "expire": PaymentState.EXPIRED,
    "chargeback": PaymentState.CHARGED_BACK,
    "partial_chargeback": PaymentState.CHARGED_BACK,
}
# Bank transfers cannot be refunded; the others have windows that only the gateway knows.
_NO_REFUND: Final = frozenset({*_BANKS, Method.VA_MANDIRI})
_NOT_MODIFIABLE: Final = "412"
_REPEATED_REFUND: Final = "406"
_LEAST_MINUTES: Final = 5


def create(api: Api, snap: Api, request: PaymentRequest) -> PaymentSnapshot:
    headers = {"Idempotency-Key": request.reference[:46]}
    if request.notify_url:
        headers["X-Override-Notification"] = request.notify_url
    if request.method == Method.HOSTED:
        return _create_hosted(snap, request, headers)
    if request.method not in METHODS:
        raise UnsupportedError(f"Midtrans does not offer {request.method} without its own page")
    body = {**_common(request), **_channel(request), "custom_expiry": _expiry(request)}
    return snapshot(checked(api.post("/v2/charge", body, headers=headers)))


def fetch(api: Api, payment: PaymentHandle) -> PaymentSnapshot:
    """By our reference: Snap has no transaction before the driver has chosen (404)."""
    return snapshot(checked(api.get(path("v2", payment.reference, "status"))))


def cancel(api: Api, payment: PaymentHandle) -> PaymentSnapshot:
    """`expire` where `cancel` is refused: pending bank transfers know only that."""
    try:
        answer = checked(api.post(path("v2", payment.reference, "cancel")))
    except RefusedError as refusal:
        if refusal.code != _NOT_MODIFIABLE:
            raise
        answer = checked(api.post(path("v2", payment.reference, "expire")))
    return snapshot(answer)


def refund(api: Api, request: RefundRequest) -> RefundSnapshot:
    if request.payment.method in _NO_REFUND:
        raise UnsupportedError("A bank transfer cannot be refunded through Midtrans")
    body = {
        "refund_key": request.reference,
        "amount": request.amount,
        "reason": request.reason[:100] or "Refund",
    }
    try:
        answer = checked(api.post(path("v2", request.payment.reference, "refund"), body))
    except RefusedError as refusal:
        if refusal.code == _REPEATED_REFUND:
            return fetch_refund(api, request)
        if refusal.code in (_NOT_MODIFIABLE, "414"):
            raise UnsupportedError(str(refusal), code=refusal.code) from refusal
        raise
    return _refund_snapshot(request, answer)


def fetch_refund(api: Api, request: RefundRequest) -> RefundSnapshot:
    answer = checked(api.get(path("v2", request.payment.reference, "status")))
    return _refund_snapshot(request, answer)


def snapshot(answer: Json) -> PaymentSnapshot:
    """Of a charge, a status or a notification: they have the same fields."""
    paid = local_time(answer.get("settlement_time")) or local_time(answer.get("transaction_time"))
    state = _state(answer)
    transaction_id = text_of(answer.get("transaction_id"))
    return PaymentSnapshot(
        state=state,
        gateway_id=transaction_id,
        reference=text_of(answer.get("order_id")),
        amount=whole(answer.get("gross_amount")),
        currency=text_of(answer.get("currency")) or "IDR",
        payment_id=transaction_id if state == PaymentState.SUCCEEDED else "",
        paid_at=paid if state == PaymentState.SUCCEEDED else None,
        channel=text_of(answer.get("issuer")) or text_of(answer.get("payment_type")),
        checkout=_checkout(answer),
        expires_at=local_time(answer.get("expiry_time")),
        raw=answer,
    )


def _state(answer: Json) -> PaymentState:
    """Some samples are in capitals; a challenged card payment is no payment yet."""
    word = text_of(answer.get("transaction_status")).lower()
    state = _STATES.get(word, PaymentState.UNKNOWN)
    fraud = text_of(answer.get("fraud_status")).lower()
    if state == PaymentState.SUCCEEDED and fraud not in ("", "accept"):
        return PaymentState.UNKNOWN
    return state


def _checkout(answer: Json) -> Checkout:
    actions = {
        text_of(action.get("name")): text_of(action.get("url"))
        for action in answer.get("actions") or ()
        if isinstance(action, dict)
    }
    numbers: Any = answer.get("va_numbers") or ()
    first = numbers[0] if isinstance(numbers, list) and numbers else {}
    permata = text_of(answer.get("permata_va_number"))
    bill_key = text_of(answer.get("bill_key"))
    bank = "PERMATA" if permata else "MANDIRI" if bill_key else text_of(first.get("bank")).upper()
    return Checkout(
        qr_string=text_of(answer.get("qr_string")),
        qr_image_url=actions.get("generate-qr-code-v2") or actions.get("generate-qr-code") or "",
        url=actions.get("deeplink-redirect", ""),
        va_number=text_of(first.get("va_number")) or permata or bill_key,
        va_bank=bank,
        biller_code=text_of(answer.get("biller_code")),
    )


def _common(request: PaymentRequest) -> Json:
    return {
        "transaction_details": {
            "order_id": request.reference,
            "gross_amount": request.amount,
        },
        "metadata": dict(request.metadata),
    }


def _channel(request: PaymentRequest) -> Json:
    if request.method == Method.QRIS:
        return {"payment_type": "qris", "qris": {"acquirer": "gopay"}}
    if request.method == Method.GOPAY:
        callback = {"enable_callback": True, "callback_url": request.return_url}
        return {"payment_type": "gopay", "gopay": callback if request.return_url else {}}
    if request.method == Method.VA_MANDIRI:
        bill = {"bill_info1": "Payment:", "bill_info2": request.description[:30] or "EV charging"}
        return {"payment_type": "echannel", "echannel": bill}
    return {
        "payment_type": "bank_transfer",
        "bank_transfer": {"bank": _BANKS[request.method]},
    }


def _expiry(request: PaymentRequest) -> Json:
    return {
        "order_time": stamp(datetime.now(tz=UTC)),
        "expiry_duration": _minutes_left(request),
        "unit": "minute",
    }


def _minutes_left(request: PaymentRequest) -> int:
    left = request.expires_at - datetime.now(tz=UTC)
    return max(_LEAST_MINUTES, round(left.total_seconds() / 60))


def _create_hosted(snap: Api, request: PaymentRequest, headers: dict[str, str]) -> PaymentSnapshot:
    duration = {"duration": _minutes_left(request), "unit": "minute"}
    body: Json = {
        **_common(request),
        "credit_card": {"secure": True},
        "expiry": {"start_time": stamp(datetime.now(tz=UTC)), **duration},
        "page_expiry": duration,
    }
    if request.return_url:
        body["callbacks"] = {"finish": request.return_url}
    answer = checked(snap.post("/transactions", body, headers=headers))
    return PaymentSnapshot(
        state=PaymentState.REQUIRES_ACTION,
        # Snap gives no id before the driver has chosen; the token is not one to ask by.
        gateway_id="",
        reference=request.reference,
        amount=request.amount,
        currency=request.currency,
        checkout=Checkout(url=text_of(answer.get("redirect_url"))),
        expires_at=request.expires_at,
        raw={"redirect_url": text_of(answer.get("redirect_url"))},
    )


def _refund_snapshot(request: RefundRequest, answer: Json) -> RefundSnapshot:
    """Counts as done with the bank's confirmation, the second of two notifications."""
    for entry in answer.get("refunds") or ():
        if not isinstance(entry, dict) or entry.get("refund_key") != request.reference:
            continue
        done = bool(entry.get("bank_confirmed_at"))
        return RefundSnapshot(
            state=RefundState.SUCCEEDED if done else RefundState.PENDING,
            reference=request.reference,
            gateway_id=str(entry.get("refund_chargeback_id") or request.reference),
            amount=whole(entry.get("refund_amount")),
            raw=entry,
        )
    if text_of(answer.get("refund_key")) == request.reference:
        return RefundSnapshot(
            state=RefundState.PENDING,
            reference=request.reference,
            gateway_id=str(answer.get("refund_chargeback_id") or request.reference),
            amount=whole(answer.get("refund_amount")),
            raw=answer,
        )
    raise NotFoundError("Midtrans knows no refund by this reference", code="404")
