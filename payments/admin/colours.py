"""Which colour the badge of a status has on every page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from payments.models import (
    AttemptStatus,
    ChargeStatus,
    IntentStatus,
    PayoutStatus,
    RefundStatus,
)

INTENT_COLOURS: Final[Mapping[str, str]] = {
    IntentStatus.CREATED: "",
    IntentStatus.REQUIRES_ACTION: "warning",
    IntentStatus.PROCESSING: "info",
    IntentStatus.SUCCEEDED: "success",
    IntentStatus.PARTIALLY_REFUNDED: "success",
    IntentStatus.REFUNDED: "info",
    IntentStatus.FAILED: "danger",
    IntentStatus.DISPUTED: "warning",
    IntentStatus.CHARGED_BACK: "danger",
    IntentStatus.REVIEW: "warning",
}
ATTEMPT_COLOURS: Final[Mapping[str, str]] = {
    AttemptStatus.SENDING: "info",
    AttemptStatus.OPEN: "warning",
    AttemptStatus.SUCCEEDED: "success",
    AttemptStatus.FAILED: "danger",
    AttemptStatus.UNKNOWN: "warning",
}
CHARGE_COLOURS: Final[Mapping[str, str]] = {
    ChargeStatus.WAITING: "warning",
    ChargeStatus.STARTING: "info",
    ChargeStatus.CHARGING: "info",
    ChargeStatus.ENDED: "success",
    ChargeStatus.FAILED: "danger",
}
REFUND_COLOURS: Final[Mapping[str, str]] = {
    RefundStatus.REQUESTED: "info",
    RefundStatus.SENDING: "info",
    RefundStatus.PENDING: "info",
    RefundStatus.NEEDS_ACCOUNT: "warning",
    RefundStatus.SUCCEEDED: "success",
    RefundStatus.FAILED: "danger",
    RefundStatus.UNKNOWN: "warning",
    RefundStatus.REVIEW: "warning",
}
PAYOUT_COLOURS: Final[Mapping[str, str]] = {
    PayoutStatus.SENDING: "info",
    PayoutStatus.SUBMITTED: "info",
    PayoutStatus.PROCESSING: "info",
    PayoutStatus.PAID: "success",
    PayoutStatus.FAILED: "danger",
    PayoutStatus.REVERSED: "danger",
    PayoutStatus.UNKNOWN: "warning",
    PayoutStatus.REVIEW: "warning",
}
