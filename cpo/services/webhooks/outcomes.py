"""What a try means for its delivery and for its endpoint."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from cpo.models import DeliveryAttempt, DeliveryStatus, EventDelivery, WebhookEndpoint, WebhookEvent
from cpo.services.webhooks.endpoints import switch_off
from cpo.services.webhooks.sending import Outcome
from unievp.lib import clock

# Pauses after the 1st, 2nd … try; together a little less than 24 hours (s).
PAUSES_S: Final = (5, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000)
MOST_TRIES: Final = len(PAUSES_S) + 1
# An endpoint where nothing came through for so long is switched off.
PATIENCE: Final = timedelta(days=5)
_GONE: Final = 410
_TRUNCATE_AT: Final = 200
_DELETED_AT_ONCE: Final = 1_000

FAILED_FOR_DAYS: Final = gettext_noop("Nothing came through for five days.")
RECEIVER_IS_GONE: Final = gettext_noop("The receiver answered 410 Gone.")

_jitter = random.SystemRandom()


def store_outcome(outcome: Outcome) -> None:
    """Log the try, end the delivery or plan its next one. One that is deleted is no one's."""
    now = clock.now()
    with transaction.atomic():
        rows = EventDelivery.objects.select_for_update(of=("self",))
        delivery = rows.filter(pk=outcome.delivery_id).first()
        if delivery is None:
            return
        DeliveryAttempt.objects.create(
            delivery=delivery,
            at=now,
            url=outcome.url,
            status=outcome.status,
            excerpt=outcome.excerpt,
            error=outcome.error.replace("\0", "")[:_TRUNCATE_AT],
            latency_ms=outcome.latency_ms,
        )
        _follow(delivery, outcome, now)
        delivery.save()
        endpoint = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
        if outcome.is_good:
            endpoint.update(failing_since=None, last_success_at=now)
        else:
            endpoint.update(failing_since=Coalesce(F("failing_since"), now))
    if not outcome.is_good:
        _judge(delivery.endpoint_id, outcome, now)


def pause_after(tries: int, *, retry_after_s: int = 0) -> timedelta:
    """How long to wait after so many tries: with a tenth of jitter, so that receivers which come
    back are not met by everything at once; no sooner than the receiver asks for.
    """
    pause = PAUSES_S[tries - 1] * _jitter.uniform(0.9, 1.0)
    return timedelta(seconds=max(pause, retry_after_s))


def forget_old_events() -> int:
    """Delete events, their deliveries and tries after WEBHOOK_LOG_DAYS; how many events."""
    before = clock.now() - timedelta(days=settings.WEBHOOK_LOG_DAYS)
    old = WebhookEvent.objects.filter(recorded_at__lt=before)
    gone = 0
    while ids := list(old.values_list("pk", flat=True)[:_DELETED_AT_ONCE]):
        WebhookEvent.objects.filter(pk__in=ids).delete()
        gone += len(ids)
    return gone


def _follow(delivery: EventDelivery, outcome: Outcome, now: datetime) -> None:
    delivery.tries += 1
    delivery.claimed_until = None
    delivery.last_try_at = now
    delivery.last_status = outcome.status
    delivery.last_error = outcome.error[:_TRUNCATE_AT].replace("\0", "")
    if outcome.is_good:
        delivery.status, delivery.next_try_at = DeliveryStatus.DELIVERED, None
    elif delivery.status != DeliveryStatus.PENDING:
        # Given up while it was under way: its endpoint was switched off.
        return
    elif delivery.tries >= MOST_TRIES:
        delivery.status, delivery.next_try_at = DeliveryStatus.FAILED, None
    else:
        pause = pause_after(delivery.tries, retry_after_s=outcome.retry_after_s)
        delivery.next_try_at = now + pause


def _judge(endpoint_id: UUID, outcome: Outcome, now: datetime) -> None:
    if outcome.status == _GONE:
        switch_off(endpoint_id, reason=RECEIVER_IS_GONE)
        return
    patience = WebhookEndpoint.objects.filter(
        pk=endpoint_id, is_enabled=True, failing_since__lte=now - PATIENCE
    )
    if patience.exists():
        switch_off(endpoint_id, reason=FAILED_FOR_DAYS)
