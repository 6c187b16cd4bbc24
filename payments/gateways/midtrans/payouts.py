"""Iris, money out (payments.md §2.6): one key creates, another approves; one payout per request."""

from __future__ import annotations

from typing import Final

from payments.gateways.base import (
    NotFoundError,
    PayoutRequest,
    PayoutSnapshot,
    PayoutState,
    RefusedError,
    UnreachableError,
)
from payments.gateways.calls import Api, Json, path, text_of, whole

_STATES: Final[dict[str, PayoutState]] = {
    "queued": PayoutState.SUBMITTED,
    "approved": PayoutState.PROCESSING,
    "processed": PayoutState.PROCESSING,
    "completed": PayoutState.PAID,
    "failed": PayoutState.FAILED,
    "rejected": PayoutState.FAILED,
}
# 005, 009, 016: the bank was slow, the balance too small.
_RETRYABLE: Final = frozenset({"005", "009", "016"})


def create(creator: Api, approver: Api, request: PayoutRequest) -> PayoutSnapshot:
    """Queued and approved. An approval that fails leaves it queued: `fetch` approves it again."""
    answer = creator.post(
        "/api/v1/payouts",
        {"payouts": [_body(request)]},
        headers={"X-Idempotency-Key": request.reference},
    )
    rows = answer.get("payouts") if isinstance(answer, dict) else None
    if not rows or not isinstance(rows[0], dict):
        raise UnreachableError("Iris named no payout", code="no_payout")
    reference_no = text_of(rows[0].get("reference_no"))
    status = text_of(rows[0].get("status")).lower()
    state = _STATES.get(status, PayoutState.UNKNOWN)
    if state == PayoutState.SUBMITTED and _approved(approver, reference_no):
        state = PayoutState.PROCESSING
    return PayoutSnapshot(
        state=state,
        reference=request.reference,
        gateway_id=reference_no,
        amount=request.amount,
        raw=rows[0],
    )


def fetch(creator: Api, approver: Api, request: PayoutRequest, gateway_id: str) -> PayoutSnapshot:
    """Iris keeps no reference of ours: without its number, the note in its statement must do."""
    if not gateway_id:
        gateway_id = _find(creator, request)
    answer = creator.get(path("api", "v1", "payouts", gateway_id))
    if text_of(answer.get("status")).lower() == "queued":
        _approved(approver, gateway_id)
        answer = creator.get(path("api", "v1", "payouts", gateway_id))
    return _snapshot(request, gateway_id, answer)


def account_name(creator: Api, bank_code: str, account_number: str) -> str:
    """Whose account it is (payments.md §2.6)."""
    params = {"bank": bank_code.lower(), "account": account_number}
    answer = creator.get("/api/v1/account_validation", params)
    name = text_of(answer.get("account_name")) if isinstance(answer, dict) else ""
    if not name:
        raise RefusedError("The bank knows no such account", code="account_unknown")
    return name


def cancel(approver: Api, request: PayoutRequest, gateway_id: str) -> PayoutSnapshot:
    """Only while it is queued."""
    body = {"reference_nos": [gateway_id], "reject_reason": "Cancelled"}
    approver.post("/api/v1/payouts/reject", body)
    return PayoutSnapshot(
        state=PayoutState.CANCELLED,
        reference=request.reference,
        gateway_id=gateway_id,
        amount=request.amount,
    )


def _approved(approver: Api, reference_no: str) -> bool:
    try:
        approver.post("/api/v1/payouts/approve", {"reference_nos": [reference_no]})
    except (RefusedError, UnreachableError):
        return False
    return True


def _find(creator: Api, request: PayoutRequest) -> str:
    listed = creator.get("/api/v1/statements")
    rows = listed if isinstance(listed, list) else ()
    for row in rows:
        if isinstance(row, dict) and request.reference in text_of(row.get("notes")):
            return text_of(row.get("reference_no"))
    raise NotFoundError("Iris knows no payout by this reference", code="404")


def _body(request: PayoutRequest) -> Json:
    body: Json = {
        "beneficiary_name": request.account_name,
        "beneficiary_account": request.account_number,
        "beneficiary_bank": request.bank_code.lower(),
        "amount": f"{request.amount}.00",
        "notes": request.reference[:100],
    }
    if request.email:
        body["beneficiary_email"] = request.email
    return body


def _snapshot(request: PayoutRequest, gateway_id: str, answer: Json) -> PayoutSnapshot:
    code = text_of(answer.get("error_code"))
    message = text_of(answer.get("error_message"))
    return PayoutSnapshot(
        state=_STATES.get(text_of(answer.get("status")).lower(), PayoutState.UNKNOWN),
        reference=request.reference,
        gateway_id=gateway_id,
        amount=whole(answer.get("amount")),
        failure=f"{code} {message}".strip(),
        retryable=code in _RETRYABLE,
        raw=answer,
    )
