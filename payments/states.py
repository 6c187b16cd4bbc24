"""Which statuses money goes through, and which may follow which (payments.md §3.3)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from unievp.lib.transitions import Transitions


class SettlementStatus(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    APPROVED = "approved", _("Approved")
    SUBMITTING = "submitting", _("Being submitted")
    SUBMITTED = "submitted", _("Submitted")
    PROCESSING = "processing", _("On its way")
    PAID = "paid", _("Paid")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")
    REVERSED = "reversed", _("Returned by the bank")
    REVIEW = "review", _("In review")


_S = SettlementStatus

# The money of these is on hold; a CPO has at most one of them.
OPEN_SETTLEMENTS: tuple[SettlementStatus, ...] = (
    _S.REQUESTED,
    _S.APPROVED,
    _S.SUBMITTING,
    _S.SUBMITTED,
    _S.PROCESSING,
    _S.REVIEW,
)

SETTLEMENT_TRANSITIONS = Transitions(
    {
        _S.REQUESTED: {_S.APPROVED, _S.REJECTED, _S.CANCELLED},
        _S.APPROVED: {_S.SUBMITTING, _S.PAID, _S.FAILED, _S.CANCELLED},
        _S.SUBMITTING: {_S.SUBMITTED, _S.PROCESSING, _S.PAID, _S.FAILED, _S.REVIEW},
        _S.SUBMITTED: {_S.PROCESSING, _S.PAID, _S.FAILED, _S.CANCELLED, _S.REVIEW},
        _S.PROCESSING: {_S.PAID, _S.FAILED, _S.REVIEW},
        _S.REVIEW: {_S.SUBMITTED, _S.PROCESSING, _S.PAID, _S.FAILED},
        _S.PAID: {_S.REVERSED},
        _S.REJECTED: set(),
        # The bank paid all the same, after the money was given back.
        _S.CANCELLED: {_S.PAID},
        _S.FAILED: {_S.PAID},
        _S.REVERSED: set(),
    }
)


class IntentStatus(models.TextChoices):
    CREATED = "created", _("Created")
    REQUIRES_ACTION = "requires_action", _("Waiting for the driver")
    PROCESSING = "processing", _("Being processed")
    SUCCEEDED = "succeeded", _("Paid")
    PARTIALLY_REFUNDED = "partially_refunded", _("Partly refunded")
    REFUNDED = "refunded", _("Refunded")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    DISPUTED = "disputed", _("Disputed")
    CHARGED_BACK = "charged_back", _("Charged back")
    REVIEW = "review", _("In review")


_I = IntentStatus

OPEN_INTENTS: tuple[IntentStatus, ...] = (_I.CREATED, _I.REQUIRES_ACTION, _I.PROCESSING)
PAID_INTENTS: tuple[IntentStatus, ...] = (_I.SUCCEEDED, _I.PARTIALLY_REFUNDED, _I.REFUNDED)

_ENDS_UNPAID = {_I.FAILED, _I.CANCELED, _I.EXPIRED}
INTENT_TRANSITIONS = Transitions(
    {
        _I.CREATED: {_I.REQUIRES_ACTION, _I.PROCESSING, _I.SUCCEEDED, *_ENDS_UNPAID, _I.REVIEW},
        _I.REQUIRES_ACTION: {_I.PROCESSING, _I.SUCCEEDED, *_ENDS_UNPAID, _I.REVIEW},
        _I.PROCESSING: {_I.REQUIRES_ACTION, _I.SUCCEEDED, *_ENDS_UNPAID, _I.REVIEW},
        # Late money: a payment may arrive after its end, and is the driver's all the same.
        _I.FAILED: {_I.REQUIRES_ACTION, _I.SUCCEEDED, _I.REVIEW},
        _I.CANCELED: {_I.SUCCEEDED, _I.REVIEW},
        _I.EXPIRED: {_I.SUCCEEDED, _I.REVIEW},
        _I.SUCCEEDED: {
            _I.PARTIALLY_REFUNDED,
            _I.REFUNDED,
            _I.DISPUTED,
            _I.CHARGED_BACK,
            _I.REVIEW,
        },
        _I.PARTIALLY_REFUNDED: {_I.REFUNDED, _I.DISPUTED, _I.CHARGED_BACK, _I.REVIEW},
        _I.DISPUTED: {_I.SUCCEEDED, _I.CHARGED_BACK, _I.REVIEW},
        _I.REVIEW: {_I.SUCCEEDED, _I.PARTIALLY_REFUNDED, _I.REFUNDED, *_ENDS_UNPAID},
        _I.REFUNDED: {_I.REVIEW},
        _I.CHARGED_BACK: {_I.REVIEW},
    }
)


class ChargeStatus(models.TextChoices):
    """Of what a payment buys at a connector."""

    WAITING = "waiting", _("Waiting for the money")
    STARTING = "starting", _("Start asked for")
    CHARGING = "charging", _("Charging")
    ENDED = "ended", _("Ended")
    FAILED = "failed", _("Did not start")


_C = ChargeStatus

CHARGE_TRANSITIONS = Transitions(
    {
        _C.WAITING: {_C.STARTING, _C.FAILED},
        _C.STARTING: {_C.CHARGING, _C.FAILED},
        _C.CHARGING: {_C.ENDED},
        _C.ENDED: set(),
        _C.FAILED: set(),
    }
)


class StopReason(models.TextChoices):
    """Why we asked a prepaid charge to stop; empty: we did not."""

    DRIVER = "driver", _("Stopped by the driver")
    STAFF = "staff", _("Stopped by the operator")
    AMOUNT = "amount", _("What was paid is used up")
    ENERGY = "energy", _("The energy that was bought is delivered")
    MINUTES = "minutes", _("The time that was bought is over")


class EventKind(models.TextChoices):
    """What a line of a payment's history tells."""

    CREATED = "created", _("Payment made")
    MOVED = "moved", _("The gateway said")
    PAID = "paid", pgettext_lazy("payment", "Money received")
    SETTLED = "settled", _("Settled by the gateway, less its fee")
    PAID_AGAIN = "paid_again", _("Money received a second time")
    REVIEW = "review", _("A person has to look")
    RESOLVED = "resolved", _("A person has decided")
    REFUSED = "refused", _("Refused by the gateway")
    CANCELED = "canceled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    START_ASKED = "start_asked", _("The charger was asked to start")
    NOT_STARTED = "not_started", _("Nothing started")
    CHARGING = "charging", _("Charging began")
    STOP_ASKED = "stop_asked", _("The charger was asked to stop")
    CHARGE_ENDED = "charge_ended", _("Charging ended")
    REFUND_STARTED = "refund_started", _("Refund sent")
    REFUND_RETURNED = "refund_returned", _("Refund came back")
    REFUNDED = "refunded", _("Refund arrived")


class RefundCause(models.TextChoices):
    """Why money goes back. Each of those that the platform decides happens once per attempt."""

    PERSON = "person", _("Given back by a person")
    REST = "rest", _("Not used")
    NOT_STARTED = "not_started", _("Charging did not start")
    LATE = "late", _("Paid after the end")
    TWICE = "twice", _("Paid twice")


class MailStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


_M = MailStatus

MAIL_TRANSITIONS = Transitions(
    {
        _M.WAITING: {_M.SENDING},
        # Once more: whoever was sending it is gone.
        _M.SENDING: {_M.SENDING, _M.SENT, _M.WAITING, _M.FAILED},
        _M.SENT: set(),
        _M.FAILED: {_M.SENDING},
    }
)


class AttemptStatus(models.TextChoices):
    NEW = "new", _("New")
    SENDING = "sending", _("Being sent")
    OPEN = "open", _("Waiting for the driver")
    SUCCEEDED = "succeeded", _("Paid")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    UNKNOWN = "unknown", _("No answer")


class RefundStatus(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    SENDING = "sending", _("Being sent")
    PENDING = "pending", _("On its way")
    NEEDS_ACCOUNT = "needs_account", _("Waits for the driver's account")
    SUCCEEDED = "succeeded", _("Refunded")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("No answer")
    REVIEW = "review", _("In review")


class RefundRoute(models.TextChoices):
    GATEWAY = "gateway", _("Through the gateway")
    PAYOUT = "payout", _("To an account")
    MANUAL = "manual", _("By hand")


class PayoutStatus(models.TextChoices):
    NEW = "new", _("New")
    SENDING = "sending", _("Being sent")
    SUBMITTED = "submitted", _("Submitted")
    PROCESSING = "processing", _("On its way")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    REVERSED = "reversed", _("Returned by the bank")
    UNKNOWN = "unknown", _("No answer")
    REVIEW = "review", _("In review")


_R, _P = RefundStatus, PayoutStatus

REFUND_TRANSITIONS = Transitions(
    {
        _R.REQUESTED: {_R.SENDING, _R.NEEDS_ACCOUNT, _R.SUCCEEDED, _R.FAILED, _R.REVIEW},
        _R.SENDING: {
            _R.REQUESTED,
            _R.PENDING,
            _R.SUCCEEDED,
            _R.FAILED,
            _R.NEEDS_ACCOUNT,
            _R.UNKNOWN,
            _R.REVIEW,
        },
        _R.UNKNOWN: {_R.SENDING, _R.PENDING, _R.SUCCEEDED, _R.FAILED, _R.REVIEW},
        _R.PENDING: {_R.SUCCEEDED, _R.FAILED, _R.NEEDS_ACCOUNT, _R.REVIEW},
        _R.NEEDS_ACCOUNT: {_R.SENDING, _R.SUCCEEDED, _R.REVIEW},
        _R.FAILED: {_R.REQUESTED, _R.NEEDS_ACCOUNT, _R.SUCCEEDED},
        _R.REVIEW: {_R.REQUESTED, _R.NEEDS_ACCOUNT, _R.SUCCEEDED, _R.FAILED},
        _R.SUCCEEDED: {_R.NEEDS_ACCOUNT, _R.REVIEW},
    }
)

_SENT = {_P.SUBMITTED, _P.PROCESSING, _P.PAID, _P.FAILED, _P.CANCELLED, _P.REVERSED, _P.REVIEW}
PAYOUT_TRANSITIONS = Transitions(
    {
        _P.NEW: {_P.SENDING, _P.CANCELLED},
        _P.SENDING: {*_SENT, _P.UNKNOWN, _P.NEW},
        _P.UNKNOWN: {*_SENT, _P.SENDING},
        _P.SUBMITTED: {_P.PROCESSING, _P.PAID, _P.FAILED, _P.CANCELLED, _P.REVERSED, _P.REVIEW},
        _P.PROCESSING: {_P.PAID, _P.FAILED, _P.REVERSED, _P.REVIEW},
        _P.PAID: {_P.REVERSED, _P.REVIEW},
        _P.REVIEW: {_P.SUBMITTED, _P.PROCESSING, _P.PAID, _P.FAILED, _P.REVERSED},
        _P.FAILED: {_P.REVIEW},
        _P.CANCELLED: {_P.REVIEW},
        _P.REVERSED: set(),
    }
)


class AdjustmentStatus(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    BOOKED = "booked", _("Booked")
    REFUSED = "refused", _("Refused")


ADJUSTMENT_TRANSITIONS = Transitions(
    {
        AdjustmentStatus.PROPOSED: {AdjustmentStatus.BOOKED, AdjustmentStatus.REFUSED},
        AdjustmentStatus.BOOKED: set(),
        AdjustmentStatus.REFUSED: set(),
    }
)
