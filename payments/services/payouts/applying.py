"""What the gateway says of a payout moves the settlement, or the refund, that it is for."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from payments.chart import Code, gateway_account
from payments.gateways.base import PayoutSnapshot, PayoutState
from payments.models import Payout, PayoutStatus, Refund, RefundStatus, Settlement
from payments.services.refunds.finishing import finish_refund, return_refund
from payments.services.settlements import book_late_arrival, move_settlement
from payments.states import PAYOUT_TRANSITIONS, SETTLEMENT_TRANSITIONS, SettlementStatus
from unievp.lib import clock

PAID_AFTER_ITS_END: Final = gettext_noop("The gateway paid it after it had failed")

_S = PayoutStatus

_STATUS: Final = {
    PayoutState.SUBMITTED: _S.SUBMITTED,
    PayoutState.PROCESSING: _S.PROCESSING,
    PayoutState.PAID: _S.PAID,
    PayoutState.FAILED: _S.FAILED,
    PayoutState.CANCELLED: _S.CANCELLED,
    PayoutState.REVERSED: _S.REVERSED,
    PayoutState.UNKNOWN: _S.REVIEW,
}
_SETTLEMENT: Final = {
    _S.SUBMITTED: SettlementStatus.SUBMITTED,
    _S.PROCESSING: SettlementStatus.PROCESSING,
    _S.PAID: SettlementStatus.PAID,
    _S.FAILED: SettlementStatus.FAILED,
    _S.CANCELLED: SettlementStatus.CANCELLED,
    _S.REVERSED: SettlementStatus.REVERSED,
    _S.REVIEW: SettlementStatus.REVIEW,
}
# The wallet has the money of these again.
_GIVEN_BACK: Final = frozenset({SettlementStatus.FAILED, SettlementStatus.CANCELLED})
_ENDS: Final = frozenset({_S.PAID, _S.FAILED, _S.CANCELLED, _S.REVERSED})


def apply_payout(payout_id: UUID, snapshot: PayoutSnapshot) -> Payout:
    """In any order, any number of times; Iris' `failed` after `completed` is a reversal.

    One that arrives after its end is reviewed: the money went back to whom it was for already.
    """
    status = _STATUS[snapshot.state]
    was = Payout.objects.get(pk=payout_id)
    if status == _S.FAILED and was.status in (_S.PAID, _S.REVERSED):
        status = _S.REVERSED
    if status == _S.PAID and was.status in (_S.FAILED, _S.CANCELLED):
        return end_payout(payout_id, _S.REVIEW, failure=PAID_AFTER_ITS_END)
    Payout.objects.filter(pk=payout_id, gateway_id="").update(gateway_id=snapshot.gateway_id)
    if snapshot.amount and snapshot.amount != was.amount:
        return end_payout(payout_id, _S.REVIEW, failure=f"amount {snapshot.amount}")
    return end_payout(payout_id, status, failure=snapshot.failure, fee=snapshot.fee)


def end_payout(
    payout_id: UUID, status: PayoutStatus, *, failure: str = "", fee: int | None = None
) -> Payout:
    """Move the payout, and with it what it is for, in one transaction."""
    with transaction.atomic():
        payout = Payout.objects.select_for_update(of=("self",)).get(pk=payout_id)
        now = clock.now()
        payout.checked_at = now
        moves = PAYOUT_TRANSITIONS.allows(payout.status, status)
        if moves:
            payout.status, payout.failure = status, failure[:300]
            payout.fee = payout.fee if fee is None else fee
            payout.ended_at = now if status in _ENDS else payout.ended_at
        payout.save(update_fields=["checked_at", "status", "failure", "fee", "ended_at"])
        if moves and payout.settlement_id is not None:
            _move_settlement(payout, payout.settlement_id)
        elif moves and payout.refund_id is not None:
            _move_refund(payout, payout.refund_id)
    return payout


def _move_settlement(payout: Payout, settlement_id: int) -> None:
    settlement = Settlement.objects.get(pk=settlement_id)
    target = _SETTLEMENT[PayoutStatus(payout.status)]
    source = gateway_account(Code.GATEWAY_AVAILABLE, payout.config_id, payout.currency)
    if target == SettlementStatus.REVERSED and settlement.status != SettlementStatus.PAID:
        # The news of its arrival was lost: the money came back all the same, out of the hold.
        target = SettlementStatus.FAILED
    elif target == SettlementStatus.FAILED and settlement.status == SettlementStatus.PAID:
        # Booked as arrived, reviewed, and never there: what left the books comes back into them.
        target = SettlementStatus.REVERSED
    elif target == SettlementStatus.PAID and settlement.status in _GIVEN_BACK:
        book_late_arrival(settlement, paid_from=source, fee=payout.fee or 0)
        return
    if settlement.status == target or not SETTLEMENT_TRANSITIONS.allows(settlement.status, target):
        return
    move_settlement(
        settlement, target, reason=payout.failure, paid_from=source, fee=payout.fee or 0
    )


def _move_refund(payout: Payout, refund_id: UUID) -> None:
    source = gateway_account(Code.GATEWAY_AVAILABLE, payout.config_id, payout.currency)
    if payout.status == _S.PAID:
        finish_refund(refund_id, paid_from=source)
    elif payout.status == _S.REVERSED or _was_booked(payout, refund_id):
        return_refund(refund_id, payout=payout)
    elif payout.status in (_S.FAILED, _S.CANCELLED):
        # Another account may do.
        waiting = [RefundStatus.SENDING, RefundStatus.REVIEW]
        Refund.objects.filter(pk=refund_id, status__in=waiting).update(
            status=RefundStatus.NEEDS_ACCOUNT, error=payout.failure
        )
    elif payout.status == _S.REVIEW:
        Refund.objects.filter(pk=refund_id).update(status=RefundStatus.REVIEW, error=payout.failure)


def _was_booked(payout: Payout, refund_id: UUID) -> bool:
    """Reviewed after its arrival was booked, and it never arrived."""
    over = payout.status in (_S.FAILED, _S.CANCELLED)
    return over and Refund.objects.filter(pk=refund_id, done_at__isnull=False).exists()
