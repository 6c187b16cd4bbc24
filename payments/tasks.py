"""What the worker does with money. Ids only; each task may run twice and changes nothing then."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import shared_task
from django.db import DatabaseError

from chargers.events import RemoteStartFailed, RemoteStartSucceeded
from chargers.models import BillingStatus, ChargingSession, SessionStatus
from cpo.models import CPO
from payments.events import (
    AttemptCreated,
    AttemptWithdrawn,
    BillIssued,
    LookWanted,
    PaymentSettled,
    PayoutQueued,
    ReceiptWanted,
    RefundRequested,
    SettlementStatusChanged,
    WebhookStored,
)
from payments.gateways.base import RateLimitedError
from payments.ledger.blocks import seal_block
from payments.models import Bill, PaymentIntent, PrepaidCharge, Settlement, SettlementStatus
from payments.services import billing, following, receipts, releases
from payments.services.intents.ending import close_attempt
from payments.services.intents.sending import check_attempt, send_attempt
from payments.services.limits import guarding as limits
from payments.services.payouts import sending as payouts
from payments.services.payouts.starting import pay_settlement
from payments.services.prepaid import following as prepaid
from payments.services.prepaid.starting import decide_start, start_paid
from payments.services.reconciliation.balances import read_balances
from payments.services.reconciliation.proving import prove_books
from payments.services.reconciliation.statements import follow_statements
from payments.services.refunds import sending as refunds
from payments.services.settling import schedules
from payments.services.webhooks import process_delivery
from unievp.lib import clock
from unievp.lib.errors import DomainError

logger = logging.getLogger(__name__)

# Sessions in one sweep; the next one comes in seconds.
_MOST_SESSIONS = 500
_MOST_BLOCKS = 20


@shared_task(acks_late=True)
def bill_sessions(session_ids: list[int]) -> int:
    """Bill these; one that fails does not keep the others waiting. Answers how many were billed."""
    billed = 0
    for session_id in session_ids:
        try:
            billed += billing.bill_session(session_id) is not None
        except (DomainError, DatabaseError):
            logger.exception("Session %s could not be billed; the sweep tries again", session_id)
    return billed


@shared_task(acks_late=True, autoretry_for=(RateLimitedError,), retry_backoff=2, max_retries=5)
def send_payment_attempt(attempt_id: int) -> None:
    send_attempt(attempt_id)


@shared_task
def look_at_attempt(attempt_id: int, source: str = "driver") -> None:
    """A driver says it is paid, or staff want to know: ask now, not at the next sweep."""
    check_attempt(attempt_id, source=source)


@shared_task
def look_at_refund(refund_id: str) -> None:
    refunds.check_refund(UUID(refund_id))


@shared_task
def look_at_payout(payout_id: str) -> None:
    payouts.check_payout(UUID(payout_id))


@shared_task(acks_late=True)
def close_payment_attempt(attempt_id: int) -> None:
    close_attempt(attempt_id)


@shared_task(acks_late=True, autoretry_for=(DatabaseError,), retry_backoff=2, max_retries=5)
def process_webhook(delivery_id: int) -> None:
    process_delivery(delivery_id)


@shared_task(acks_late=True, autoretry_for=(RateLimitedError,), retry_backoff=2, max_retries=5)
def send_refund(refund_id: str) -> None:
    refunds.send_refund(UUID(refund_id))


@shared_task(acks_late=True, autoretry_for=(RateLimitedError,), retry_backoff=2, max_retries=5)
def send_payout(payout_id: str) -> None:
    payouts.send_payout(UUID(payout_id))


@shared_task(acks_late=True)
def pay_approved_settlement(settlement_id: int) -> None:
    pay_settlement(Settlement.objects.get(pk=settlement_id))


@shared_task
def follow_payments() -> int:
    return following.follow_payments()


@shared_task
def follow_refunds_and_payouts() -> int:
    return following.follow_refunds() + following.follow_payouts()


@shared_task(acks_late=True)
def start_paid_charge(intent_id: str) -> None:
    start_paid(UUID(intent_id))


@shared_task(acks_late=True)
def decide_paid_start(remote_start_id: int) -> None:
    """A remote start was decided; most are not a payment's."""
    charge = PrepaidCharge.objects.filter(remote_start=remote_start_id).first()
    if charge is not None:
        decide_start(charge.intent_id)


@shared_task
def follow_charges() -> int:
    return prepaid.follow_charges()


@shared_task
def guard_charges() -> int:
    return prepaid.guard_charges()


@shared_task
def follow_webhooks() -> int:
    return following.follow_webhooks()


@shared_task
def sweep_unbilled_sessions() -> int:
    """Bill what ended and was not billed."""
    waiting = ChargingSession.objects.filter(
        status=SessionStatus.ENDED, billing_status=BillingStatus.UNBILLED
    ).order_by("ended_at")
    return bill_sessions(list(waiting.values_list("pk", flat=True)[:_MOST_SESSIONS]))


@shared_task
def release_pending_funds() -> int:
    """Release every CPO's due shares; answers the amount."""
    due = Bill.objects.filter(released_at__isnull=True, available_at__lte=clock.now())
    amount = 0
    for cpo in CPO.objects.filter(pk__in=due.values("cpo_id")).order_by("pk"):
        try:
            amount += releases.release_pending(cpo)
        except (DomainError, DatabaseError):
            logger.exception("Funds of CPO %s could not be released", cpo.pk)
    return amount


@shared_task
def ask_for_scheduled_settlements() -> int:
    return schedules.run_schedules()


@shared_task
def seal_ledger_blocks() -> int:
    """Seal what was booked since the last time; answers the number of blocks."""
    blocks = 0
    while blocks < _MOST_BLOCKS and seal_block() is not None:
        blocks += 1
    return blocks


@shared_task(acks_late=True)
def order_receipt_mail(bill_id: int) -> None:
    """The driver's mail, if the bill is of a payment that named an address."""
    intent = PaymentIntent.objects.filter(session__bill=bill_id).first()
    if intent is not None:
        receipts.order_receipt(intent)


@shared_task(acks_late=True)
def send_receipt_mail(mail_id: int) -> None:
    receipts.send_receipt(mail_id)


@shared_task
def guard_limits() -> int:
    return limits.guard_limits()


@shared_task
def follow_receipts() -> int:
    return receipts.follow_receipts()


# --- nudges: without a broker they are dropped at once, and the sweeps find the rows -------------


def on_attempt_created(event: AttemptCreated) -> None:
    send_payment_attempt.apply_async((event.attempt_id,), retry=False)


def on_attempt_withdrawn(event: AttemptWithdrawn) -> None:
    # Lost: it expires there by itself, and what is paid until then goes back.
    close_payment_attempt.apply_async((event.attempt_id,), retry=False)


def on_look_wanted(event: LookWanted) -> None:
    if event.attempt_id is not None:
        look_at_attempt.apply_async((event.attempt_id, "staff"), retry=False)
    if event.refund_id is not None:
        look_at_refund.apply_async((str(event.refund_id),), retry=False)
    if event.payout_id is not None:
        look_at_payout.apply_async((str(event.payout_id),), retry=False)


def on_webhook_stored(event: WebhookStored) -> None:
    process_webhook.apply_async((event.delivery_id,), retry=False)


def on_refund_requested(event: RefundRequested) -> None:
    send_refund.apply_async((str(event.refund_id),), retry=False)


@shared_task(acks_late=True)
def prove_books_daily() -> bool:
    """Today's proof if it is due; a missed beat is made up for by the next one."""
    return prove_books() is not None


@shared_task
def read_statements() -> int:
    """The gateways' own books, for the ledger and the proof; then what they hold for us."""
    return follow_statements() + read_balances()


def on_payout_queued(event: PayoutQueued) -> None:
    send_payout.apply_async((str(event.payout_id),), retry=False)


def on_settlement_changed(event: SettlementStatusChanged) -> None:
    if event.status == SettlementStatus.APPROVED:
        pay_approved_settlement.apply_async((event.settlement_id,), retry=False)


def on_receipt_wanted(event: ReceiptWanted) -> None:
    send_receipt_mail.apply_async((event.mail_id,), retry=False)


def on_bill_issued(event: BillIssued) -> None:
    order_receipt_mail.apply_async((event.bill_id,), retry=False)


def on_payment_settled(event: PaymentSettled) -> None:
    start_paid_charge.apply_async((str(event.intent_id),), retry=False)


def on_remote_start_decided(event: RemoteStartSucceeded | RemoteStartFailed) -> None:
    decide_paid_start.apply_async((event.remote_start_id,), retry=False)
