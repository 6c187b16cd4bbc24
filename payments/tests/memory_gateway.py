"""A gateway in memory: books that only it writes, and calls that go wrong where a test says so."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from payments.gateways.base import (
    BadSignatureError,
    Checkout,
    GatewayTransaction,
    Hint,
    Method,
    NotFoundError,
    PaymentHandle,
    PaymentRequest,
    PaymentSnapshot,
    PaymentState,
    PayoutRequest,
    PayoutSnapshot,
    RefundRequest,
    RefundSnapshot,
    RefundState,
    Subject,
    UnreachableError,
    UnsupportedError,
)

TOKEN = "token-of-memory"


class KilledError(BaseException):
    """The worker is gone: nothing that would come after this happens."""


@dataclass
class Paid:
    """A request to pay, as the gateway knows it."""

    gateway_id: str
    reference: str
    amount: int
    state: PaymentState = PaymentState.REQUIRES_ACTION
    payment_id: str = ""


@dataclass
class Returned:
    reference: str
    payment: str
    amount: int
    state: RefundState = RefundState.PENDING


@dataclass
class MemoryGateway:
    """`faults`: what happens to the next calls, in order: "before" and "after" are time-outs on
    either side of the effect, "killed" ends the worker after it.
    """

    payments: dict[str, Paid] = field(default_factory=dict)
    refunds: dict[str, Returned] = field(default_factory=dict)
    faults: deque[str] = field(default_factory=deque)
    refunds_are_supported: bool = True
    methods: frozenset[Method] = frozenset(Method)
    tells_transactions: bool = False
    balance_is_whole: bool = False

    # --- what a driver and the bank do ---------------------------------------------------------

    def pay(self, gateway_id: str, amount: int | None = None) -> None:
        """Also after its end, as banks do; a request is paid once."""
        payment = self.payments[gateway_id]
        if payment.state != PaymentState.SUCCEEDED:
            payment.state = PaymentState.SUCCEEDED
            payment.payment_id = f"py-{gateway_id}"
            payment.amount = amount or payment.amount

    def money_in(self) -> int:
        paid = (each for each in self.payments.values() if each.payment_id)
        return sum(each.amount for each in paid)

    def money_back(self) -> int:
        done = (each for each in self.refunds.values() if each.state == RefundState.SUCCEEDED)
        return sum(each.amount for each in done)

    # --- what we ask ---------------------------------------------------------------------------

    def create_payment(self, request: PaymentRequest) -> PaymentSnapshot:
        fault = self._fault("before")
        gateway_id = f"pr-{request.reference}"
        payment = Paid(gateway_id, request.reference, request.amount)
        self.payments.setdefault(gateway_id, payment)
        self._afterwards(fault)
        return self._snapshot(payment)

    def fetch_payment(self, payment: PaymentHandle) -> PaymentSnapshot:
        self._afterwards(self._fault("before"))
        # As Xendit: without its own id it finds nothing.
        if payment.gateway_id not in self.payments:
            raise NotFoundError("no such payment")
        return self._snapshot(self.payments[payment.gateway_id])

    def cancel_payment(self, payment: PaymentHandle) -> PaymentSnapshot:
        fault = self._fault("before")
        known = self.payments.get(payment.gateway_id)
        if known is None:
            raise NotFoundError("no such payment")
        if known.state == PaymentState.REQUIRES_ACTION:
            known.state = PaymentState.CANCELED
        self._afterwards(fault)
        return self._snapshot(known)

    def refund(self, request: RefundRequest) -> RefundSnapshot:
        fault = self._fault("before")
        if not self.refunds_are_supported:
            raise UnsupportedError("not this one")
        known = self.refunds.get(request.reference)
        if known is None:
            known = Returned(request.reference, request.payment.gateway_id, request.amount)
            self.refunds[request.reference] = known
        self._afterwards(fault)
        return RefundSnapshot(known.state, known.reference, f"rfd-{known.reference}", known.amount)

    def fetch_refund(self, request: RefundRequest, gateway_id: str) -> RefundSnapshot:
        self._afterwards(self._fault("before"))
        known = self.refunds.get(request.reference)
        if known is None:
            raise NotFoundError("no such refund")
        return RefundSnapshot(known.state, known.reference, f"rfd-{known.reference}", known.amount)

    def create_payout(self, request: PayoutRequest) -> PayoutSnapshot:
        raise NotImplementedError

    fetch_payout = cancel_payout = create_payout

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> list[Hint]:
        if headers.get("x-callback-token") != TOKEN:
            raise BadSignatureError("forged")
        told: dict[str, Any] = orjson.loads(body)
        return [Hint(Subject.PAYMENT, told["key"], told["reference"], told["gateway_id"])]

    def balance(self) -> int:
        return self.money_in() - self.money_back()

    def transactions(self, since: datetime, until: datetime) -> Iterator[GatewayTransaction]:
        raise NotImplementedError

    def account_name(self, bank_code, account_number):
        return "PT MEMORY"

    def test_connection(self) -> str:
        return "memory"

    def _snapshot(self, payment: Paid) -> PaymentSnapshot:
        return PaymentSnapshot(
            payment.state,
            payment.gateway_id,
            payment.reference,
            payment.amount,
            "IDR",
            payment_id=payment.payment_id,
            checkout=Checkout(qr_string=f"qr of {payment.reference}"),
        )

    def _fault(self, *raised: str) -> str:
        fault = self.faults.popleft() if self.faults else ""
        if fault in raised:
            raise UnreachableError("time-out")
        return fault

    def _afterwards(self, fault: str) -> None:
        if fault == "after":
            raise UnreachableError("time-out")
        if fault == "killed":
            raise KilledError
