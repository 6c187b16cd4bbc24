"""The contract of a payment gateway, in neutral words.

Money is whole minor units of `currency` (rupiah have none). A gateway says what it knows as a
snapshot; what follows from it, the services decide. Unknown states become UNKNOWN and go to review,
never an exception.

Errors tell the one thing that matters afterwards: whether the call may have had an effect.
`RefusedError`: it had none. `UnreachableError`: nobody knows; ask again by the same reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Method(StrEnum):
    """How a driver pays. HOSTED is the gateway's own page, where the driver chooses."""

    QRIS = "qris"
    GOPAY = "gopay"
    OVO = "ovo"
    DANA = "dana"
    SHOPEEPAY = "shopeepay"
    LINKAJA = "linkaja"
    VA_BCA = "va_bca"
    VA_BNI = "va_bni"
    VA_BRI = "va_bri"
    VA_MANDIRI = "va_mandiri"
    VA_PERMATA = "va_permata"
    VA_BSI = "va_bsi"
    VA_CIMB = "va_cimb"
    HOSTED = "hosted"


class PaymentState(StrEnum):
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    CHARGED_BACK = "charged_back"
    UNKNOWN = "unknown"


class RefundState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class PayoutState(StrEnum):
    SUBMITTED = "submitted"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REVERSED = "reversed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A configuration as a gateway needs it. Secrets stay out of `repr`, and so out of logs."""

    environment: str  # sandbox / production
    api_key: str = field(repr=False, default="")
    payout_key: str = field(repr=False, default="")  # Xendit's second key; Iris' creator
    approver_key: str = field(repr=False, default="")  # Iris
    webhook_secret: str = field(repr=False, default="")  # callback token; Iris' merchant key
    signature_key: str = field(repr=False, default="")  # Midtrans; empty: the API key
    payout_version: str = "v2"  # Xendit
    base_url: str = ""  # empty: the gateway's own


@dataclass(frozen=True, slots=True)
class Checkout:
    """What the driver is shown; what the gateway does not give is empty."""

    qr_string: str = ""
    qr_image_url: str = ""
    url: str = ""
    va_number: str = ""
    va_bank: str = ""
    biller_code: str = ""  # Mandiri's bill payment, with `va_number` as its key


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """`reference` is ours, unique, and never used for a second request."""

    reference: str
    amount: int
    currency: str
    method: Method
    description: str
    expires_at: datetime
    return_url: str = ""
    notify_url: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PaymentSnapshot:
    """What the gateway says of a payment now.

    `gateway_id` names the request, `payment_id` the money that came (empty before). `amount` and
    `currency` are what was paid, or asked for while nothing was.
    """

    state: PaymentState
    gateway_id: str
    reference: str
    amount: int
    currency: str
    payment_id: str = ""
    paid_at: datetime | None = None
    fee: int | None = None
    channel: str = ""
    checkout: Checkout = Checkout()
    expires_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PaymentHandle:
    """Names a payment to `fetch_payment` and `cancel_payment`; `gateway_id` empty: never heard."""

    reference: str
    gateway_id: str = ""
    payment_id: str = ""
    method: Method = Method.QRIS


@dataclass(frozen=True, slots=True)
class RefundRequest:
    reference: str
    payment: PaymentHandle
    amount: int
    currency: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    state: RefundState
    reference: str
    gateway_id: str = ""
    amount: int = 0
    failure: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    """`reference` is the idempotency key; the same reference always has the same body."""

    reference: str
    amount: int
    currency: str
    bank_code: str  # our neutral code: BCA, MANDIRI, BNI, GOPAY …
    account_number: str = field(repr=False)
    account_name: str = field(repr=False)
    description: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class PayoutSnapshot:
    state: PayoutState
    reference: str
    gateway_id: str = ""
    amount: int = 0
    fee: int | None = None
    failure: str = ""
    retryable: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Subject(StrEnum):
    """What a webhook is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    PAYOUT = "payout"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Hint:
    """What a verified webhook points at; never believed, only looked up."""

    subject: Subject
    dedupe_key: str
    reference: str = ""
    gateway_id: str = ""
    payment_id: str = ""


@dataclass(frozen=True, slots=True)
class GatewayTransaction:
    """A line of the gateway's own books, for reconciliation. `fee` + `tax_on_fee` were deducted."""

    id: str
    kind: str  # payment / refund / payout / other
    reference: str
    product_id: str
    amount: int
    net_amount: int
    fee: int
    tax_on_fee: int
    settled: bool
    at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


class GatewayError(Exception):
    """`code`: the gateway's own word; the message is safe to show to staff (no secrets)."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class RefusedError(GatewayError):
    """A definite no: nothing happened and the same request will be refused again."""


class UnsupportedError(RefusedError):
    """The gateway or the method cannot do it at all (no refund of a virtual account, …)."""


class NotFoundError(RefusedError):
    """The gateway does not know this reference (yet: a hosted page has no payment before)."""


class CredentialsError(RefusedError):
    """Wrong or missing key, or one without the permission."""


class UnreachableError(GatewayError):
    """No answer, or one that says nothing (5xx, time-out, not JSON): it may have happened."""


class RateLimitedError(GatewayError):
    """Nothing happened; try again after so many seconds."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message, code="rate_limited")
        self.retry_after_s = retry_after_s


class BadSignatureError(GatewayError):
    """A webhook that the gateway did not send."""


class Gateway(Protocol):
    """Every call may raise `GatewayError`s, takes seconds, and needs no open transaction."""

    methods: frozenset[Method]
    # Whether `transactions` are its whole books.
    tells_transactions: bool
    # Whether `balance` is all of our money there (Iris has a purse of its own).
    balance_is_whole: bool

    def create_payment(self, request: PaymentRequest) -> PaymentSnapshot: ...

    def fetch_payment(self, payment: PaymentHandle) -> PaymentSnapshot: ...

    def cancel_payment(self, payment: PaymentHandle) -> PaymentSnapshot: ...

    def refund(self, request: RefundRequest) -> RefundSnapshot: ...

    def fetch_refund(self, request: RefundRequest, gateway_id: str) -> RefundSnapshot: ...

    def create_payout(self, request: PayoutRequest) -> PayoutSnapshot: ...

    def fetch_payout(self, request: PayoutRequest, gateway_id: str) -> PayoutSnapshot: ...

    def cancel_payout(self, request: PayoutRequest, gateway_id: str) -> PayoutSnapshot: ...

    def account_name(self, bank_code: str, account_number: str) -> str:
        """Whose account it is, as the bank says. Raises UnsupportedError, RefusedError."""
        ...

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> list[Hint]:
        """What the webhook points at; `headers` in lower case. Raises BadSignatureError."""
        ...

    def balance(self) -> int:
        """Usable minor units at the gateway."""
        ...

    def transactions(self, since: datetime, until: datetime) -> Iterator[GatewayTransaction]: ...

    def test_connection(self) -> str:
        """A sentence about what the key may do. Raises CredentialsError, UnreachableError."""
        ...
