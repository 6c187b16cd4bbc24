"""What the gateway itself believes: payments, refunds, payouts, and its balance."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

OPENING_BALANCE = 100_000_000
XENDIT_PRODUCTS = ("request", "session", "invoice")


def now() -> datetime:
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(12)}"


@dataclass
class Payment:
    """`state`: open, paid, failed, canceled, expired. `money` is what came, once it came."""

    id: str
    product: str  # request / session / invoice / charge / snap
    key: str
    reference: str
    amount: int
    channel: str
    expires_at: str
    created_at: str
    state: str = "open"
    paid_at: str = ""
    payment_id: str = ""
    money: int = 0
    issuer: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return datetime.fromisoformat(self.expires_at) <= now()


@dataclass
class Refund:
    id: str
    payment: str
    reference: str
    amount: int
    created_at: str
    state: str = "pending"  # pending / succeeded / failed
    failure: str = ""


@dataclass
class Payout:
    """`state` is the gateway's own word, in its own spelling."""

    id: str
    api: str  # v2 / v3 / iris
    reference: str
    amount: int
    account: str
    body: dict[str, Any]
    created_at: str
    state: str
    updated_at: str = ""
    failure: str = ""
    paid_out: bool = False


@dataclass
class Books:
    """Kept in `path` over a restart where one is given."""

    path: Path | None = None
    balance: int = OPENING_BALANCE
    payments: dict[str, Payment] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
    # What the gateway takes of the merchant for a transfer; a test's wish, not kept.
    payout_fee: int = 0

    @classmethod
    def load(cls, path: Path | None) -> Books:
        books = cls(path)
        if path is None or not path.exists():
            return books
        kept = json.loads(path.read_text())
        books.balance = kept["balance"]
        books.payments = {row["id"]: Payment(**row) for row in kept["payments"]}
        books.refunds = {row["id"]: Refund(**row) for row in kept["refunds"]}
        books.payouts = {row["id"]: Payout(**row) for row in kept["payouts"]}
        return books

    def save(self) -> None:
        if self.path is None:
            return
        beside = self.path.with_name(self.path.name + ".new")
        beside.write_text(json.dumps(self.as_json()))
        beside.replace(self.path)

    def as_json(self) -> dict[str, Any]:
        return {
            "balance": self.balance,
            "payments": [asdict(each) for each in self.payments.values()],
            "refunds": [asdict(each) for each in self.refunds.values()],
            "payouts": [asdict(each) for each in self.payouts.values()],
        }

    # --- money in -----------------------------------------------------------------------------

    def by_reference(self, reference: str) -> Payment | None:
        return next((p for p in self.payments.values() if p.reference == reference), None)

    def find(self, name: str) -> Payment | None:
        """By id, by the id of its money, or by the merchant's reference."""
        if name in self.payments:
            return self.payments[name]
        found = (p for p in self.payments.values() if name in (p.payment_id, p.reference))
        return next(found, None)

    def pay(self, payment: Payment, *, amount: int | None = None, issuer: str = "DANA") -> None:
        """Money comes, also after the end: the request stays as it was, the payment succeeds."""
        payment.money = payment.amount if amount is None else amount
        payment.payment_id = payment.payment_id or new_id("py-")
        payment.paid_at = now().isoformat()
        payment.issuer = issuer
        if payment.state == "open":
            payment.state = "paid"
        self.balance += payment.money

    def fee_of(self, payment: Payment) -> tuple[int, int]:
        """What the gateway keeps of it, and the tax on that."""
        fee = round(payment.money * 7 / 1000) if payment.channel == "QRIS" else 4_000
        return fee, round(fee * 11 / 100)

    def fee_of_payout(self) -> tuple[int, int]:
        return self.payout_fee, round(self.payout_fee * 11 / 100)

    @property
    def usable_at_xendit(self) -> int:
        """Both gateways share these books, and each tells of its own: less fees, as `/balance`."""
        paid = [p for p in self.payments.values() if p.money and p.product in XENDIT_PRODUCTS]
        came = sum(p.money - sum(self.fee_of(p)) for p in paid)
        ours = {p.id for p in paid}
        back = sum(
            r.amount for r in self.refunds.values() if r.payment in ours and r.state == "succeeded"
        )
        out = [p for p in self.payouts.values() if p.paid_out and p.api != "iris"]
        gone = sum(p.amount + sum(self.fee_of_payout()) for p in out)
        return OPENING_BALANCE + came - back - gone

    def refunded(self, payment: Payment) -> int:
        return sum(
            each.amount
            for each in self.refunds.values()
            if each.payment == payment.id and each.state != "failed"
        )

    # --- money out ----------------------------------------------------------------------------

    def payout_by_reference(self, reference: str) -> Payout | None:
        return next((p for p in self.payouts.values() if p.reference == reference), None)

    def move_payout(self, payout: Payout, state: str, *, failure: str = "") -> None:
        payout.state, payout.failure, payout.updated_at = state, failure, now().isoformat()
        arrived = state.lower() in ("succeeded", "completed")
        returned = state.lower() in ("reversed", "failed")
        if arrived and not payout.paid_out:
            payout.paid_out = True
            self.balance -= payout.amount
        elif returned and payout.paid_out:
            payout.paid_out = False
            self.balance += payout.amount
