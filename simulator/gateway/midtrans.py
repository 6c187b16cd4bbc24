"""Midtrans' Core API and Snap, as far as the platform uses them (payments.md §2)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.gateway.books import Payment, Refund, new_id, now
from simulator.gateway.world import Refusal, World, endpoint, key_of

WIB = timezone(timedelta(hours=7))
SANDBOX_KEY = "SB-Mid-server-"
STATES = {
    "open": "pending",
    "paid": "settlement",
    "failed": "deny",
    "canceled": "cancel",
    "expired": "expire",
}
CODES = {"open": "201", "paid": "200", "failed": "202", "canceled": "200", "expired": "407"}
UNITS = {"minute": 1, "hour": 60, "day": 1440}
# Bank transfers cannot be refunded.
CAN_REFUND = {"qris", "gopay", "snap"}


class MidtransApi:
    def __init__(self, world: World) -> None:
        self.world = world
        self.books = world.books

    def routes(self) -> list[Route]:
        return [
            Route(path, endpoint(self.world, handler), methods=[method])
            for method, path, handler in (
                ("POST", "/v2/charge", self.charge),
                ("GET", "/v2/{id}/status", self.status),
                ("POST", "/v2/{id}/cancel", self.cancel),
                ("POST", "/v2/{id}/expire", self.expire_now),
                ("POST", "/v2/{id}/refund", self.refund),
                ("POST", "/snap/v1/transactions", self.snap),
            )
        ]

    # --- money in -------------------------------------------------------------------------------

    async def charge(self, request: Request) -> Response:
        key, body = _key(request), await _body(request)
        order_id, amount = self._order(body)
        kind = str(body.get("payment_type"))
        channel = str((body.get("bank_transfer") or {}).get("bank", kind))
        expiry = body.get("custom_expiry") or {"expiry_duration": 15, "unit": "minute"}
        life = timedelta(minutes=int(expiry["expiry_duration"]) * UNITS[expiry["unit"]])
        payment = self._new("charge", key, order_id, amount, channel, life)
        payment.details = {"kind": kind, "notify_url": _notify_url(request)}
        return JSONResponse(self.payment_json(payment) | self._checkout(payment))

    async def snap(self, request: Request) -> Response:
        key, body = _key(request), await _body(request)
        order_id, amount = self._order(body)
        payment = self._new("snap", key, order_id, amount, "snap", timedelta(minutes=30))
        payment.details = {"kind": "qris", "notify_url": _notify_url(request), "chosen": False}
        url = f"{self.world.public_url}/pay/{payment.id}"
        return JSONResponse({"token": payment.id, "redirect_url": url}, 201)

    async def status(self, request: Request) -> Response:
        payment = self._payment(request)
        if payment.product == "snap" and not payment.details.get("chosen"):
            raise _refusal(404, "Transaction doesn't exist.")
        return JSONResponse(self.payment_json(payment))

    async def cancel(self, request: Request) -> Response:
        payment = self._payment(request)
        if payment.state != "open":
            raise _refusal(412, "Transaction status cannot be updated.")
        payment.state = "canceled"
        return JSONResponse(self.payment_json(payment))

    async def expire_now(self, request: Request) -> Response:
        payment = self._payment(request)
        if payment.state != "open":
            raise _refusal(412, "Transaction status cannot be updated.")
        payment.state = "expired"
        return JSONResponse(self.payment_json(payment))

    async def refund(self, request: Request) -> Response:
        payment, body = self._payment(request), await _body(request)
        key, amount = str(body["refund_key"]), int(body["amount"])
        if any(each.reference == key for each in self.books.refunds.values()):
            raise _refusal(406, "Duplicate refund key")
        if payment.channel not in CAN_REFUND or not payment.money:
            raise _refusal(412, "Transaction cannot be refunded")
        if amount + self.books.refunded(payment) > payment.money:
            raise _refusal(414, "Refund amount is too large")
        refund = Refund(new_id("rf-"), payment.id, key, amount, now().isoformat())
        self.books.refunds[refund.id] = refund
        self._notify(payment)
        self.world.later(self._confirm(payment, refund))
        mine = {"refund_key": key, "refund_amount": f"{amount}.00"}
        return JSONResponse(self.payment_json(payment) | mine)

    async def _confirm(self, payment: Payment, refund: Refund) -> None:
        await asyncio.sleep(self.world.step_s)
        refund.state = "succeeded"
        self.books.balance -= refund.amount
        self.books.save()
        self._notify(payment)

    def pay(self, payment: Payment, *, amount: int | None = None, issuer: str = "DANA") -> None:
        payment.details["chosen"] = True
        self.books.pay(payment, amount=amount, issuer=issuer)
        self._notify(payment)

    def fail(self, payment: Payment) -> None:
        payment.details["chosen"] = True
        if payment.state == "open":
            payment.state = "failed"
        self._notify(payment)

    def expire(self, payment: Payment) -> None:
        if payment.state == "open":
            payment.state = "expired"
        self._notify(payment)

    def _notify(self, payment: Payment) -> None:
        url = str(payment.details.get("notify_url", ""))
        self.world.notifier.midtrans(self.payment_json(payment), key=payment.key, url=url)

    # --- as JSON ---------------------------------------------------------------------------

    def _order(self, body: dict[str, Any]) -> tuple[str, int]:
        details = body.get("transaction_details") or {}
        order_id, amount = details.get("order_id"), details.get("gross_amount")
        if not isinstance(order_id, str) or not isinstance(amount, int) or amount <= 0:
            raise _refusal(400, "One or more parameters in the payload is invalid.")
        if self.books.by_reference(order_id) is not None:
            raise _refusal(406, "The request could not be completed: duplicate order ID.")
        return order_id, amount

    def _new(
        self, product: str, key: str, order_id: str, amount: int, channel: str, life: timedelta
    ) -> Payment:
        payment = Payment(
            id=new_id("mt-"),
            product=product,
            key=key,
            reference=order_id,
            amount=amount,
            channel=channel,
            expires_at=(now() + life).isoformat(),
            created_at=now().isoformat(),
        )
        self.books.payments[payment.id] = payment
        return payment

    def _payment(self, request: Request) -> Payment:
        _key(request)
        payment = self.books.find(request.path_params["id"])
        if payment is None:
            raise _refusal(404, "Transaction doesn't exist.")
        if payment.state == "open" and payment.is_over:
            payment.state = "expired"
        return payment

    def _word(self, word: str) -> str:
        if self.world.faults.take("unknown_status"):
            return "quantum"
        return word.upper() if self.world.faults.take("upper_case") else word

    def payment_json(self, payment: Payment) -> dict[str, Any]:
        """Of a charge, a status and a notification alike."""
        refunds = [each for each in self.books.refunds.values() if each.payment == payment.id]
        state, code = STATES[payment.state], CODES[payment.state]
        if payment.money and payment.state != "paid":
            state, code = "settlement", "200"  # late money
        returned = sum(each.amount for each in refunds)
        if returned:
            state = "refund" if returned >= payment.money else "partial_refund"
        answer: dict[str, Any] = {
            "transaction_id": payment.id,
            "order_id": payment.reference,
            "merchant_id": "fake",
            "gross_amount": f"{payment.money or payment.amount}.00",
            "currency": "IDR",
            "payment_type": payment.details.get("kind", "qris"),
            "transaction_time": _local(payment.created_at),
            "transaction_status": self._word(state),
            "fraud_status": "accept",
            "status_code": code,
            "status_message": "Success",
            "expiry_time": _local(payment.expires_at),
        }
        if payment.money:
            answer |= {"settlement_time": _local(payment.paid_at), "issuer": payment.issuer.lower()}
        if refunds:
            answer |= {
                "refund_amount": f"{returned}.00",
                "refunds": [_refund_json(each) for each in refunds],
            }
        return answer

    def _checkout(self, payment: Payment) -> dict[str, Any]:
        kind, channel = payment.details["kind"], payment.channel
        number = f"7001{int(payment.id[-9:], 16) % 10**10:010d}"
        if kind == "echannel":
            return {"bill_key": number, "biller_code": "70012"}
        if channel == "permata":
            return {"permata_va_number": number}
        if kind == "bank_transfer":
            return {"va_numbers": [{"bank": channel, "va_number": number}]}
        url = f"{self.world.public_url}/pay/{payment.id}"
        image = f"{self.world.public_url}/qr/{payment.id}.png"
        actions = [{"name": "generate-qr-code", "method": "GET", "url": image}]
        if kind == "gopay":
            actions.append({"name": "deeplink-redirect", "method": "GET", "url": url})
        return {"actions": actions, "qr_string": f"00020101021226FAKE{payment.id.upper()}6304FA4E"}


def _key(request: Request) -> str:
    key = key_of(request)
    if not key.startswith(SANDBOX_KEY):
        raise _refusal(401, "Unknown Merchant server_key/id", status=401)
    return key


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _refusal(400, "The payload is no object.")
    return body


def _refusal(code: int, message: str, *, status: int = 200) -> Refusal:
    """Midtrans mostly answers 200 with the status inside."""
    return Refusal(status, {"status_code": str(code), "status_message": message})


def _notify_url(request: Request) -> str:
    return request.headers.get("x-override-notification", "").partition(",")[0]


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(WIB).strftime("%Y-%m-%d %H:%M:%S")


def _refund_json(refund: Refund) -> dict[str, Any]:
    answer = {
        "refund_chargeback_id": refund.id,
        "refund_key": refund.reference,
        "refund_amount": f"{refund.amount}.00",
        "created_at": _local(refund.created_at),
    }
    if refund.state == "succeeded":
        answer["bank_confirmed_at"] = _local(now().isoformat())
    return answer
