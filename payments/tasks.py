"""What the worker does with money. Ids only; each task may run twice and changes nothing then."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import DatabaseError

from chargers.models import BillingStatus, ChargingSession, SessionStatus
from cpo.models import CPO
from payments.ledger.blocks import seal_block
from payments.models import Bill
from payments.services import billing, releases
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
def seal_ledger_blocks() -> int:
    """Seal what was booked since the last time; answers the number of blocks."""
    blocks = 0
    while blocks < _MOST_BLOCKS and seal_block() is not None:
        blocks += 1
    return blocks
