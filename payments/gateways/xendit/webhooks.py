"""Notifications (payments.md §1.7): a static token, no signature. So they are hints only."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from payments.gateways.base import BadSignatureError, Hint, Subject
from payments.gateways.calls import Json, parsed, text_of

_PAYOUTS = ("payout.", "v3_payout.")


def verify(headers: Mapping[str, str], body: bytes, token: str) -> list[Hint]:
    given = headers.get("x-callback-token", "")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise BadSignatureError("The callback token is wrong")
    try:
        payload = parsed(body)
    except ValueError as error:
        raise BadSignatureError("The body is not JSON") from error
    if not isinstance(payload, dict):
        raise BadSignatureError("The body is no object")
    event = text_of(payload.get("event"))
    return [_hint(event, _data(payload)) if event else _invoice(payload)]


def _data(payload: Json) -> Json:
    """The sample of a refund nests `data` twice."""
    data: Any = payload.get("data")
    inner = data.get("data") if isinstance(data, dict) else None
    if isinstance(inner, dict):
        return inner
    return data if isinstance(data, dict) else {}


def _hint(event: str, data: Json) -> Hint:
    def field(name: str) -> str:
        return text_of(data.get(name))

    status, reference = field("status"), field("reference_id")
    if event.startswith("refund."):
        return _make(Subject.REFUND, event, status, reference, field("id"))
    if event.startswith(_PAYOUTS):
        gateway_id = field("payout_id") or field("id")
        return _make(Subject.PAYOUT, event, status, reference, gateway_id)
    if event.startswith("payment_session."):
        gateway_id = field("payment_session_id")
        return _make(Subject.PAYMENT, event, status, reference, gateway_id, field("payment_id"))
    if event.startswith(("payment.", "payment_request.")):
        gateway_id = field("payment_request_id")
        payment_id = field("payment_id")
        return _make(Subject.PAYMENT, event, status, reference, gateway_id, payment_id)
    return _make(Subject.OTHER, event, status, reference, field("id"))


def _invoice(payload: Json) -> Hint:
    status = text_of(payload.get("status"))
    return _make(
        Subject.PAYMENT,
        "invoice",
        status,
        text_of(payload.get("external_id")),
        text_of(payload.get("id")),
        text_of(payload.get("payment_id")),
    )


def _make(
    subject: Subject, event: str, status: str, reference: str, gateway_id: str, payment_id: str = ""
) -> Hint:
    # The same event of the same object in the same state is the same news.
    key = ":".join((event, payment_id or gateway_id or reference, status))
    return Hint(subject, key[:200], reference[:80], gateway_id[:80], payment_id[:80])
