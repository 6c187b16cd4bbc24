"""The end of a prepaid charge: what is left of the deposit goes back, once."""

from __future__ import annotations

from datetime import timedelta

from chargers.models import BillingStatus, ChargingSession, SessionStatus
from chargers.services.stop_latencies import measure_stop
from payments.chart import deposit_account
from payments.events import ChargeChanged
from payments.models import ChargeStatus, PaymentIntent, PrepaidCharge, Refund, RefundCause
from payments.services import ledger
from payments.services.intents.history import note
from payments.services.refunds.starting import refund_amount
from payments.states import CHARGE_TRANSITIONS
from unievp.lib import clock
from unievp.lib.events import publish


def deposit_of(intent: PaymentIntent) -> int:
    """What was paid and no bill or refund has taken yet; minor units."""
    return ledger.balance_of(deposit_account(intent.pk, intent.currency))


def fail_charge(intent: PaymentIntent, charge: PrepaidCharge, reason: str) -> None:
    """Nothing started, and nothing will: all goes back. Both rows are locked by the caller."""
    CHARGE_TRANSITIONS.check(charge.status, ChargeStatus.FAILED)
    charge.status, charge.failure, charge.ended_at = ChargeStatus.FAILED, reason, clock.now()
    charge.save(update_fields=["status", "failure", "ended_at", "id_token", "remote_start"])
    note(intent, kind="not_started", source="payments", detail=reason)
    give_back(intent, cause=RefundCause.NOT_STARTED, reason=reason)
    publish(ChargeChanged(intent.pk))


def finish_charge(intent: PaymentIntent, charge: PrepaidCharge, session: ChargingSession) -> None:
    """Billed, or nothing to bill: the rest goes back. All rows are locked by the caller."""
    if charge.status == ChargeStatus.CHARGING:
        CHARGE_TRANSITIONS.check(charge.status, ChargeStatus.ENDED)
        charge.status, charge.ended_at, charge.look_at = ChargeStatus.ENDED, clock.now(), None
        charge.trouble = ""
        charge.save(update_fields=["status", "ended_at", "look_at", "trouble"])
        note(intent, kind="charge_ended", source="payments", detail=session.stop_reason)
        took = _stop_took(charge, session)
        if took is not None:
            measure_stop(session.charger_id, took)
    give_back(intent, cause=RefundCause.REST, reason=RefundCause.REST.value)
    publish(ChargeChanged(intent.pk))


def is_settled(session: ChargingSession) -> bool:
    """Whether what it owes is known for good."""
    return session.status == SessionStatus.ENDED and session.billing_status in (
        BillingStatus.BILLED,
        BillingStatus.NOT_BILLABLE,
    )


def give_back(intent: PaymentIntent, *, cause: RefundCause, reason: str) -> list[Refund]:
    """All that is left of a locked intent's deposit; nothing where nothing is."""
    left = deposit_of(intent)
    refunds = []
    if left:
        refunds = refund_amount(intent, amount=left, reason=reason, cause=cause)
    if intent.closed_at is None and not deposit_of(intent):
        intent.closed_at = clock.now()
        intent.save(update_fields=["closed_at"])
    return refunds


def _stop_took(charge: PrepaidCharge, session: ChargingSession) -> timedelta | None:
    """From the first stop that we sent; None where it ended by itself."""
    command = charge.stop_command
    if command is None or charge.stop_tries != 1 or session.stop_received_at is None:
        return None
    return session.stop_received_at - command.created_at
