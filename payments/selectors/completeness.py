"""How complete the books are right now, for the monitoring (payments.md §7.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from unievp.lib import clock

# Old enough that a bill or a refund has come, and that the gateway has settled.
_DEPOSIT_AFTER: Final = timedelta(days=1)
_CLEARING_AFTER: Final = timedelta(days=3)
_LATELY: Final = timedelta(days=1)
_STUCK_AFTER: Final = timedelta(minutes=10)

_DEPOSITS: Final = """
    SELECT count(*), count(*) FILTER (WHERE coalesce(a.posted_credit - a.posted_debit, 0) = 0)
      FROM payments_paymentintent i
      LEFT JOIN ledger_account a ON a.code = 'driver_deposit' AND a.owner_id = i.id::text
     WHERE i.paid > 0 AND i.paid_at < %(before)s"""
_CLEARING: Final = """
    SELECT coalesce(sum(i.paid), 0),
           coalesce(sum(i.paid) FILTER (WHERE i.paid_at < %(before)s), 0),
           coalesce(extract(epoch FROM %(now)s - min(i.paid_at)), 0)
      FROM payments_paymentattempt t JOIN payments_paymentintent i ON i.id = t.intent_id
     WHERE t.status = 'succeeded' AND t.settled_at IS NULL"""
_WEBHOOKS: Final = """
    SELECT count(*) FILTER (WHERE processed_at IS NULL),
           count(*) FILTER (WHERE processed_at IS NOT NULL AND error <> ''),
           coalesce(percentile_cont(0.95) WITHIN GROUP (
               ORDER BY extract(epoch FROM processed_at - received_at)), 0)
      FROM payments_webhookdelivery
     WHERE received_at > %(since)s OR processed_at IS NULL"""
_POLLED: Final = """
    SELECT count(*) FROM payments_paymentevent
     WHERE kind = 'paid' AND source <> 'webhook' AND at > %(since)s"""
# A sweep decides each a minute after it expired; a review waits for a person.
_STUCK: Final = """
    SELECT count(*) FROM payments_paymentintent
     WHERE status = 'review'
        OR status IN ('created', 'requires_action', 'processing') AND expires_at < %(before)s"""
_BILLS: Final = """
    SELECT count(*) FROM payments_bill
     WHERE booking_id IS NULL AND total > 0 AND issued_at < %(before)s"""
_SUSPENSE: Final = """
    SELECT coalesce(sum(posted_credit - posted_debit), 0) FROM ledger_account
     WHERE code = 'suspense'"""


@dataclass(frozen=True, slots=True)
class Completeness:
    """`deposits_cleared`: share of payments of more than a day ago whose deposit is used up or
    given back. `clearing_old`: share of unsettled money that is older than three days. Both 0 to 1.
    `clearing_age_s`: of the oldest. `webhooks_failed`, `webhook_lag_s` (95th percentile) and
    `polled` (payments that no webhook told of) are of a day. `intents_stuck`: in review, or open
    ten minutes after they expired. `bills_unposted`: of some money, without a booking.
    """

    deposits_cleared: float
    clearing: int
    clearing_old: float
    clearing_age_s: float
    webhooks_waiting: int
    webhooks_failed: int
    webhook_lag_s: float
    polled: int
    intents_stuck: int
    bills_unposted: int
    suspense: int


def completeness(now: datetime | None = None) -> Completeness:
    now = now or clock.now()
    payments, cleared = _row(_DEPOSITS, before=now - _DEPOSIT_AFTER)
    clearing, old, age_s = _row(_CLEARING, before=now - _CLEARING_AFTER, now=now)
    waiting, failed, lag_s = _row(_WEBHOOKS, since=now - _LATELY)
    (polled,) = _row(_POLLED, since=now - _LATELY)
    (stuck,) = _row(_STUCK, before=now - _STUCK_AFTER)
    (unposted,) = _row(_BILLS, before=now - _STUCK_AFTER)
    (suspense,) = _row(_SUSPENSE)
    return Completeness(
        deposits_cleared=cleared / payments if payments else 1.0,
        clearing=int(clearing),
        clearing_old=float(old / clearing) if clearing else 0.0,
        clearing_age_s=float(age_s),
        webhooks_waiting=waiting,
        webhooks_failed=failed,
        webhook_lag_s=float(lag_s),
        polled=polled,
        intents_stuck=stuck,
        bills_unposted=unposted,
        suspense=int(suspense),
    )


def _row(sql: str, **values: datetime) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
