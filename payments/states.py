"""Which statuses money goes through, and which may follow which (payments.md §3.3)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

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
        _S.CANCELLED: set(),
        _S.FAILED: set(),
        _S.REVERSED: set(),
    }
)
