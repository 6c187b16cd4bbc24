"""What waits at gateways is followed, whoever forgot to tell us (payments.md §7).

Each query finds its work in the rows; each step may run twice. A gateway that is away costs its own
rows a try and nobody else's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from django.db import DatabaseError
from django.db.models import Q

from payments.gateways.base import GatewayError
from payments.models import (
    AttemptStatus,
    PaymentAttempt,
    PaymentIntent,
    Payout,
    PayoutStatus,
    Provider,
    Refund,
    RefundRoute,
    RefundStatus,
    Settlement,
    SettlementStatus,
    WebhookDelivery,
)
from payments.services.intents.ending import expire_intent
from payments.services.intents.sending import check_attempt, send_attempt
from payments.services.payouts.sending import check_payout, send_payout
from payments.services.payouts.starting import pay_settlement
from payments.services.refunds.sending import check_refund, send_refund
from payments.services.webhooks import process_delivery
from payments.states import OPEN_INTENTS
from unievp.lib import clock
from unievp.lib.errors import DomainError

logger = logging.getLogger(__name__)

# The nudge had this long.
NUDGED: Final = timedelta(seconds=10)
# A call takes at most half of this; whoever made it is gone.
ABANDONED: Final = timedelta(seconds=90)
LOOK_AGAIN: Final = timedelta(seconds=60)
# Iris wants ten minutes before the first question.
IRIS_FIRST_LOOK: Final = timedelta(minutes=10)
# Late money may come for days (a bank's own late discoveries).
LATE_MONEY: Final = timedelta(days=3)
LOOK_FOR_LATE: Final = timedelta(hours=6)
MOST: Final = 200


def follow_payments() -> int:
    """Send what was not sent, ask about what is open, expire what is over; how many rows."""
    now = clock.now()
    attempts = PaymentAttempt.objects.order_by("pk")
    unsent = attempts.filter(status=AttemptStatus.NEW, created_at__lt=now - NUDGED)
    abandoned = attempts.filter(status=AttemptStatus.SENDING, sent_at__lt=now - ABANDONED)
    abandoned.update(status=AttemptStatus.UNKNOWN)
    looked_long_ago = Q(checked_at__isnull=True) | Q(checked_at__lt=now - LOOK_AGAIN)
    waiting = attempts.filter(
        looked_long_ago,
        status__in=[AttemptStatus.OPEN, AttemptStatus.UNKNOWN],
        expires_at__gt=now,
    )
    late = attempts.filter(
        status__in=[AttemptStatus.EXPIRED, AttemptStatus.CANCELED, AttemptStatus.UNKNOWN],
        expires_at__gt=now - LATE_MONEY,
        checked_at__lt=now - LOOK_FOR_LATE,
    )
    over = PaymentIntent.objects.filter(
        status__in=[*OPEN_INTENTS, "failed"], expires_at__lte=now, closed_at__isnull=True
    ).order_by("expires_at")
    return (
        each(unsent.values_list("pk", flat=True)[:MOST], send_attempt)
        + each(waiting.values_list("pk", flat=True)[:MOST], _poll)
        + each(over[:MOST], expire_intent)
        + each(late.values_list("pk", flat=True)[:MOST], _poll)
    )


def follow_refunds() -> int:
    now = clock.now()
    refunds = Refund.objects.filter(route=RefundRoute.GATEWAY).order_by("created_at")
    unsent = refunds.filter(status=RefundStatus.REQUESTED, created_at__lt=now - NUDGED)
    refunds.filter(status=RefundStatus.SENDING, sent_at__lt=now - ABANDONED).update(
        status=RefundStatus.UNKNOWN
    )
    looked_long_ago = Q(checked_at__isnull=True) | Q(checked_at__lt=now - LOOK_AGAIN)
    waiting = refunds.filter(
        looked_long_ago, status__in=[RefundStatus.PENDING, RefundStatus.UNKNOWN]
    )
    return each(unsent.values_list("pk", flat=True)[:MOST], send_refund) + each(
        waiting.values_list("pk", flat=True)[:MOST], check_refund
    )


def follow_payouts() -> int:
    now = clock.now()
    approved = Settlement.objects.filter(status=SettlementStatus.APPROVED).order_by("pk")
    payouts = Payout.objects.order_by("created_at")
    unsent = payouts.filter(status=PayoutStatus.NEW, created_at__lt=now - NUDGED)
    payouts.filter(status=PayoutStatus.SENDING, sent_at__lt=now - ABANDONED).update(
        status=PayoutStatus.UNKNOWN
    )
    looked_long_ago = Q(checked_at__isnull=True) | Q(checked_at__lt=now - LOOK_AGAIN)
    too_early = Q(config__provider=Provider.MIDTRANS, config__base_url="") & Q(
        sent_at__gt=now - IRIS_FIRST_LOOK
    )
    waiting = payouts.filter(
        looked_long_ago,
        status__in=[PayoutStatus.SUBMITTED, PayoutStatus.PROCESSING, PayoutStatus.UNKNOWN],
    ).exclude(too_early & ~Q(status=PayoutStatus.UNKNOWN))
    returned = payouts.filter(
        status=PayoutStatus.PAID,
        ended_at__gt=now - LATE_MONEY,
        checked_at__lt=now - LOOK_FOR_LATE,
    )
    return (
        each(approved[:MOST], pay_settlement)
        + each(unsent.values_list("pk", flat=True)[:MOST], send_payout)
        + each(waiting.values_list("pk", flat=True)[:MOST], check_payout)
        + each(returned.values_list("pk", flat=True)[:MOST], check_payout)
    )


def follow_webhooks() -> int:
    waiting = WebhookDelivery.objects.filter(
        processed_at__isnull=True, received_at__lt=clock.now() - NUDGED
    ).order_by("received_at")
    return each(waiting.values_list("pk", flat=True)[:MOST], process_delivery)


def _poll(attempt_id: int) -> object:
    return check_attempt(attempt_id, source="poll")


def each(rows: Iterable[Any], step: Callable[[Any], object]) -> int:
    """One row's trouble is not the next one's."""
    done = 0
    for row in rows:
        try:
            step(row)
        except (GatewayError, DomainError, DatabaseError):
            logger.exception("%s of %s failed; the next sweep tries again", step.__name__, row)
        else:
            done += 1
    return done
