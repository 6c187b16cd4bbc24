"""Xendit's HTTP API, as far as the platform uses it (payments.md §1)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.gateway.books import Payment, Refund, new_id, now
from simulator.gateway.world import World, endpoint
from simulator.gateway.xendit_common import amount_of, body_of, checked_key, refusal, word
from simulator.gateway.xendit_payouts import payout_transaction

QR_LIFE = timedelta(hours=48)
WALLET_LIFE = timedelta(minutes=30)
CAN_REFUND = {"QRIS", "DANA", "GOPAY", "SHOPEEPAY", "LINKAJA"}
STATES = {
    "open": "REQUIRES_ACTION",
    "paid": "SUCCEEDED",
    "failed": "FAILED",
    "canceled": "CANCELED",
    "expired": "EXPIRED",
}
SESSION_STATES = {**STATES, "open": "ACTIVE", "paid": "COMPLETED"}
INVOICE_STATES = {"open": "PENDING", "paid": "PAID", "expired": "EXPIRED"}


class XenditApi:
    def __init__(self, world: World) -> None:
        self.world = world
        self.books = world.books

    def routes(self) -> list[Route]:
        return [
            Route(path, endpoint(self.world, handler), methods=[method])
            for method, path, handler in (
                ("POST", "/v3/payment_requests", self.create_request),
                ("GET", "/v3/payment_requests/{id}", self.read_request),
                ("POST", "/v3/payment_requests/{id}/cancel", self.cancel_request),
                ("POST", "/v3/payment_requests/{id}/simulate", self.simulate),
                ("GET", "/v3/payments/{id}", self.read_payment),
                ("POST", "/sessions", self.create_session),
                ("GET", "/sessions/{id}", self.read_session),
                ("POST", "/sessions/{id}/cancel", self.cancel_session),
                ("POST", "/v2/invoices", self.create_invoice),
                ("GET", "/v2/invoices", self.find_invoices),
                ("GET", "/v2/invoices/{id}", self.read_invoice),
                ("POST", "/invoices/{id}/expire!", self.expire_invoice),
                ("POST", "/refunds", self.create_refund),
                ("GET", "/refunds", self.list_refunds),
                ("GET", "/refunds/{id}", self.read_refund),
                ("GET", "/balance", self.balance),
                ("GET", "/transactions", self.transactions),
            )
        ]

    # --- payment requests ---------------------------------------------------------------------

    async def create_request(self, request: Request) -> Response:
        key, body = checked_key(request), await body_of(request)
        channel, amount = str(body["channel_code"]), amount_of(body.get("request_amount"))
        properties = body.get("channel_properties") or {}
        life = QR_LIFE if channel == "QRIS" else WALLET_LIFE
        expires_at = properties.get("expires_at") or (now() + life).isoformat()
        payment = self._new(
            "request", "pr-", key, body["reference_id"], amount, channel, expires_at
        )
        payment.details = {"description": body.get("description", "")}
        return JSONResponse(self._request_json(payment), 201)

    async def read_request(self, request: Request) -> Response:
        return JSONResponse(self._request_json(self._payment(request)))

    async def cancel_request(self, request: Request) -> Response:
        payment = self._payment(request)
        if payment.state != "open":
            raise refusal(400, "INACTIVE_PAYMENT_REQUEST")
        payment.state = "canceled"
        return JSONResponse(self._request_json(payment))

    async def simulate(self, request: Request) -> Response:
        payment = self._payment(request)
        self.pay(payment, amount=(await body_of(request)).get("amount"))
        return JSONResponse({"status": "PENDING", "message": "simulated"})

    async def read_payment(self, request: Request) -> Response:
        payment = self.books.find(request.path_params["id"])
        if payment is None or not payment.payment_id:
            raise refusal(404, "DATA_NOT_FOUND")
        return JSONResponse(self.payment_json(payment))

    # --- hosted pages -------------------------------------------------------------------------

    async def create_session(self, request: Request) -> Response:
        key, body = checked_key(request), await body_of(request)
        expires_at = body.get("expires_at") or (now() + WALLET_LIFE).isoformat()
        amount = amount_of(body.get("amount"))
        payment = self._new(
            "session", "ps-", key, body["reference_id"], amount, "HOSTED", expires_at
        )
        payment.details = {"return_url": body.get("success_return_url", "")}
        return JSONResponse(self._session_json(payment), 201)

    async def read_session(self, request: Request) -> Response:
        return JSONResponse(self._session_json(self._payment(request)))

    async def cancel_session(self, request: Request) -> Response:
        payment = self._payment(request)
        if payment.state != "open":
            raise refusal(400, "INACTIVE_SESSION")
        payment.state = "canceled"
        return JSONResponse(self._session_json(payment))

    async def create_invoice(self, request: Request) -> Response:
        key, body = checked_key(request), await body_of(request)
        life = timedelta(seconds=int(body.get("invoice_duration") or 86_400))
        amount = amount_of(body.get("amount"))
        expires_at = (now() + life).isoformat()
        payment = self._new("invoice", "", key, body["external_id"], amount, "HOSTED", expires_at)
        return JSONResponse(self._invoice_json(payment))

    async def find_invoices(self, request: Request) -> Response:
        checked_key(request)
        reference = request.query_params.get("external_id", "")
        found = [
            self._invoice_json(each)
            for each in self.books.payments.values()
            if each.product == "invoice" and each.reference == reference
        ]
        return JSONResponse(found)

    async def read_invoice(self, request: Request) -> Response:
        return JSONResponse(self._invoice_json(self._payment(request)))

    async def expire_invoice(self, request: Request) -> Response:
        payment = self._payment(request)
        if payment.state == "open":
            payment.state = "expired"
        return JSONResponse(self._invoice_json(payment))

    # --- what happens to a payment --------------------------------------------------------------

    def pay(self, payment: Payment, *, amount: int | None = None, issuer: str = "DANA") -> None:
        """The driver pays; the webhook goes out."""
        self.books.pay(payment, amount=amount, issuer=issuer)
        if payment.product == "invoice":
            self.world.notifier.xendit("", self._invoice_json(payment), flat=True)
        else:
            self.world.notifier.xendit("payment.capture", self.payment_json(payment))
        if payment.product == "session":
            data = self._session_json(payment)
            self.world.notifier.xendit("payment_session.completed", data)

    def fail(self, payment: Payment) -> None:
        if payment.state == "open":
            payment.state = "failed"
        data = {**self.payment_json(payment), "status": "FAILED", "payment_id": new_id("py-")}
        self.world.notifier.xendit("payment.failure", data)

    def expire(self, payment: Payment) -> None:
        if payment.state == "open":
            payment.state = "expired"
        if payment.product == "invoice":
            self.world.notifier.xendit("", self._invoice_json(payment), flat=True)
        else:
            self.world.notifier.xendit("payment_request.expiry", self._request_json(payment))

    # --- refunds --------------------------------------------------------------------------------

    async def create_refund(self, request: Request) -> Response:
        checked_key(request)
        body = await body_of(request)
        name = str(body.get("payment_request_id") or body.get("invoice_id") or "")
        payment = self.books.find(name)
        for each in self.books.refunds.values():
            if each.reference == body["reference_id"]:
                return JSONResponse(self.refund_json(each))
        if payment is None or not payment.money:
            raise refusal(400, "INELIGIBLE_TRANSACTION_STATUS")
        if payment.channel not in CAN_REFUND and payment.channel != "HOSTED":
            raise refusal(403, "REFUND_NOT_SUPPORTED")
        amount = amount_of(body.get("amount") or payment.money)
        if amount + self.books.refunded(payment) > payment.money:
            raise refusal(400, "REFUND_AMOUNT_EXCEEDED")
        refund = Refund(new_id("rfd-"), payment.id, body["reference_id"], amount, now().isoformat())
        self.books.refunds[refund.id] = refund
        self.world.later(self._confirm(refund))
        return JSONResponse(self.refund_json(refund))

    async def list_refunds(self, request: Request) -> Response:
        checked_key(request)
        wanted = request.query_params.get("payment_request_id", "")
        rows = [self.refund_json(r) for r in self.books.refunds.values() if r.payment == wanted]
        return JSONResponse({"data": rows, "has_more": False})

    async def read_refund(self, request: Request) -> Response:
        checked_key(request)
        refund = self.books.refunds.get(request.path_params["id"])
        if refund is None:
            raise refusal(404, "DATA_NOT_FOUND")
        return JSONResponse(self.refund_json(refund))

    async def _confirm(self, refund: Refund) -> None:
        await asyncio.sleep(self.world.step_s)
        if refund.state != "pending":
            return
        refund.state = "succeeded"
        self.books.balance -= refund.amount
        self.books.save()
        self.world.notifier.xendit("refund.succeeded", self.refund_json(refund))

    # --- the gateway's own books ----------------------------------------------------------------

    async def balance(self, request: Request) -> Response:
        checked_key(request)
        return JSONResponse({"balance": self.books.usable_at_xendit})

    async def transactions(self, request: Request) -> Response:
        checked_key(request)
        rows = [
            _transaction(each, *self.books.fee_of(each))
            for each in self.books.payments.values()
            if each.money
        ]
        rows += [_refund_line(r) for r in self.books.refunds.values() if r.state == "succeeded"]
        rows += [
            payout_transaction(p, *self.books.fee_of_payout())
            for p in self.books.payouts.values()
            if p.paid_out
        ]
        return JSONResponse({"data": rows, "has_more": False})

    # --- as JSON ----------------------------------------------------------------------------------

    def _new(
        self,
        product: str,
        prefix: str,
        key: str,
        reference: str,
        amount: int,
        channel: str,
        expires_at: str,
    ) -> Payment:
        payment = Payment(
            id=new_id(prefix),
            product=product,
            key=key,
            reference=reference,
            amount=amount,
            channel=channel,
            expires_at=expires_at,
            created_at=now().isoformat(),
        )
        self.books.payments[payment.id] = payment
        return payment

    def _payment(self, request: Request) -> Payment:
        checked_key(request)
        payment = self.books.payments.get(request.path_params["id"])
        if payment is None:
            raise refusal(404, "DATA_NOT_FOUND")
        if payment.state == "open" and payment.is_over:
            payment.state = "expired"
        return payment

    def _request_json(self, payment: Payment) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "payment_request_id": payment.id,
            "reference_id": payment.reference,
            "business_id": "fake",
            "type": "PAY",
            "status": word(self.world, STATES[payment.state]),
            "country": "ID",
            "currency": "IDR",
            "request_amount": payment.amount,
            "capture_method": "AUTOMATIC",
            "channel_code": payment.channel,
            "actions": self._actions(payment),
            "created": payment.created_at,
            "updated": payment.paid_at or payment.created_at,
        }
        if payment.payment_id:
            answer["latest_payment_id"] = payment.payment_id
        return answer

    def _actions(self, payment: Payment) -> list[dict[str, str]]:
        if payment.state != "open":
            return []
        if payment.channel == "QRIS":
            return [_action("PRESENT_TO_CUSTOMER", "QR_STRING", _qr(payment))]
        if payment.channel.endswith("_VIRTUAL_ACCOUNT"):
            number = f"8808{int(payment.id[-9:], 16) % 10**10:010d}"
            return [_action("PRESENT_TO_CUSTOMER", "VIRTUAL_ACCOUNT_NUMBER", number)]
        url = f"{self.world.public_url}/pay/{payment.id}"
        return [_action("REDIRECT_CUSTOMER", "WEB_URL", url)]

    def payment_json(self, payment: Payment) -> dict[str, Any]:
        captures = [
            {
                "capture_id": f"cap-{payment.payment_id}",
                "capture_amount": payment.money,
                "capture_timestamp": payment.paid_at,
            }
        ]
        return {
            "payment_id": payment.payment_id,
            "payment_request_id": payment.id,
            "reference_id": payment.reference,
            "status": word(self.world, "SUCCEEDED" if payment.money else "PENDING"),
            "currency": "IDR",
            "request_amount": payment.amount,
            "channel_code": payment.channel,
            "captures": captures if payment.money else [],
            "payment_details": {"issuer_name": payment.issuer},
            "created": payment.created_at,
        }

    def _session_json(self, payment: Payment) -> dict[str, Any]:
        answer = {
            "payment_session_id": payment.id,
            "reference_id": payment.reference,
            "status": word(self.world, SESSION_STATES[payment.state]),
            "amount": payment.amount,
            "currency": "IDR",
            "payment_link_url": f"{self.world.public_url}/pay/{payment.id}",
            "expires_at": payment.expires_at,
        }
        if payment.payment_id:
            answer |= {"payment_id": payment.payment_id, "payment_request_id": payment.id}
        return answer

    def _invoice_json(self, payment: Payment) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "id": payment.id,
            "external_id": payment.reference,
            "status": word(self.world, INVOICE_STATES.get(payment.state, "EXPIRED")),
            "amount": payment.amount,
            "currency": "IDR",
            "expiry_date": payment.expires_at,
            "invoice_url": f"{self.world.public_url}/pay/{payment.id}",
            "created": payment.created_at,
        }
        if payment.money:
            answer |= {
                "paid_amount": payment.money,
                "paid_at": payment.paid_at,
                "payment_id": payment.payment_id,
                "payment_channel": "QRIS",
            }
        return answer

    def refund_json(self, refund: Refund) -> dict[str, Any]:
        return {
            "id": refund.id,
            "payment_request_id": refund.payment,
            "reference_id": refund.reference,
            "status": word(self.world, refund.state.upper()),
            "amount": refund.amount,
            "currency": "IDR",
            "failure_code": refund.failure or None,
            "created": refund.created_at,
        }


def _action(kind: str, descriptor: str, value: str) -> dict[str, str]:
    return {"type": kind, "descriptor": descriptor, "value": value}


def _qr(payment: Payment) -> str:
    """Not payable anywhere, but of QRIS' shape and length."""
    amount = str(payment.amount)
    name = payment.id[3:27].upper()
    return (
        f"00020101021226{len(name) + 22:02d}0016ID.CO.UNIEV.FAKE01{len(name):02d}{name}"
        f"5204739953033605402{len(amount):02d}{amount}5802ID5905UNIEV6007JAKARTA6304FA4E"
    )


def _transaction(payment: Payment, fee: int, tax: int) -> dict[str, Any]:
    paid_at = datetime.fromisoformat(payment.paid_at)
    return {
        "id": f"txn_{payment.payment_id}",
        "product_id": payment.payment_id,
        "type": "PAYMENT",
        "status": "SUCCESS",
        "channel_code": payment.channel,
        "reference_id": payment.reference,
        "amount": payment.money,
        "net_amount": payment.money - fee - tax,
        "settlement_status": "SETTLED",
        "fee": {"xendit_fee": fee, "value_added_tax": tax, "status": "COMPLETED"},
        "created": paid_at.isoformat(),
        "updated": paid_at.isoformat(),
    }


def _refund_line(refund: Refund) -> dict[str, Any]:
    return {
        "id": f"txn_{refund.id}",
        "product_id": refund.id,
        "type": "REFUND",
        "status": "SUCCESS",
        "reference_id": refund.reference,
        "amount": refund.amount,
        "net_amount": refund.amount,
        "settlement_status": "SETTLED",
        "fee": {"xendit_fee": 0, "value_added_tax": 0, "status": "COMPLETED"},
        "created": refund.created_at,
        "updated": refund.created_at,
    }
