"""Notifications (payments.md §2.5, §2.6): signed, but the signature leaves out the status.

Its parts are joined without separators, so `status_code` must be three digits or the same hash
would fit another order. The body is a hint; GET status says what is true.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from payments.gateways.base import BadSignatureError, Hint, Subject
from payments.gateways.calls import Json, parsed, text_of

_STATUS_CODE = re.compile(r"\d{3}")


def verify(
    headers: Mapping[str, str], body: bytes, *, signature_key: str, iris_key: str
) -> list[Hint]:
    if "iris-signature" in headers:
        return _payout(headers["iris-signature"], body, iris_key)
    payload = _object(body)
    parts = [payload.get(name) for name in ("order_id", "status_code", "gross_amount")]
    if not all(isinstance(part, str) and part for part in parts):
        raise BadSignatureError("order_id, status_code and gross_amount must be text")
    order_id, status_code, gross_amount = map(str, parts)
    if not _STATUS_CODE.fullmatch(status_code):
        raise BadSignatureError("status_code must be three digits")
    wanted = hashlib.sha512((order_id + status_code + gross_amount + signature_key).encode())
    _compare(text_of(payload.get("signature_key")), wanted.hexdigest(), signature_key)
    return [_payment(order_id, payload)]


def _payment(order_id: str, payload: Json) -> Hint:
    transaction_id = text_of(payload.get("transaction_id"))
    status = text_of(payload.get("transaction_status")).lower()
    refunds: Any = payload.get("refunds")
    last = refunds[-1] if isinstance(refunds, list) and refunds else {}
    confirmed = "confirmed" if isinstance(last, dict) and last.get("bank_confirmed_at") else ""
    about_refund = status in ("refund", "partial_refund")
    refund_key = text_of(last.get("refund_key")) if isinstance(last, dict) else ""
    amount = text_of(payload.get("refund_amount"))
    key = ":".join(("midtrans", transaction_id or order_id, status, amount, confirmed))
    return Hint(
        subject=Subject.REFUND if about_refund else Subject.PAYMENT,
        dedupe_key=key[:200],
        reference=(refund_key if about_refund and refund_key else order_id)[:80],
        gateway_id=transaction_id[:80],
    )


def _payout(signature: str, body: bytes, iris_key: str) -> list[Hint]:
    _compare(signature, hashlib.sha512(body + iris_key.encode()).hexdigest(), iris_key)
    payload = _object(body)
    reference_no, status = text_of(payload.get("reference_no")), text_of(payload.get("status"))
    subject = Subject.OTHER if status == "topup" else Subject.PAYOUT
    key = f"iris:{reference_no}:{status}:{text_of(payload.get('updated_at'))}"
    return [Hint(subject, key[:200], gateway_id=reference_no[:80])]


def _object(body: bytes) -> Json:
    try:
        payload = parsed(body)
    except ValueError as error:
        raise BadSignatureError("The body is not JSON") from error
    if not isinstance(payload, dict):
        raise BadSignatureError("The body is no object")
    return payload


def _compare(given: str, wanted: str, key: str) -> None:
    if not key or not hmac.compare_digest(given.lower().encode(), wanted.encode()):
        raise BadSignatureError("The signature is wrong")
