"""Deliveries that are due are claimed, sent and their outcomes stored, until none is left.

At most `ENDPOINT_AT_ONCE` requests are under way to one endpoint (one, while it fails) and
`ALL_AT_ONCE` in all, so one that is slow holds up its own deliveries only. A claim that nobody
finished is free again after `_CLAIM`: then the receiver may get an event twice, under one id.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import orjson
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from cpo.models import DeliveryStatus, EventDelivery, WebhookEndpoint
from cpo.services.webhooks.outcomes import store_outcome
from cpo.services.webhooks.sending import TIMEOUT_S, Outcome, Parcel, Sender
from cpo.services.webhooks.signing import signed_headers
from unievp.lib import clock

ENDPOINT_AT_ONCE: Final = 4
ALL_AT_ONCE: Final = 100
_CLAIM: Final = timedelta(seconds=4 * TIMEOUT_S)
_LOOK_AGAIN_S: Final = 0.5
_HEAD: Final = ("id", "type", "timestamp", "cpo_id")


def deliver_due(*, seconds: float = 45.0) -> int:
    """Send what is due for about so long; how many requests were made."""
    until = time.monotonic() + seconds
    made = under_way = 0
    with Sender() as sender:
        while True:
            if time.monotonic() < until:
                for parcel in claim_due(room=ALL_AT_ONCE - under_way):
                    sender.send(parcel)
                    under_way += 1
            if not under_way:
                return made
            for outcome in _ready(sender.outcomes):
                store_outcome(outcome)
                under_way -= 1
                made += 1


def claim_due(*, room: int = ALL_AT_ONCE) -> list[Parcel]:
    """Up to `room` deliveries that nobody else sends now."""
    now = clock.now()
    parcels: list[Parcel] = []
    for endpoint, free in _endpoints_with_room(now):
        if len(parcels) >= room:
            break
        parcels += _claim_of(endpoint, min(free, room - len(parcels)), now)
    return parcels


def _endpoints_with_room(now: datetime) -> list[tuple[WebhookEndpoint, int]]:
    due = _due(now).filter(endpoint=OuterRef("pk"))
    # Counted among those that wait, by their index: a log may be long.
    claimed = EventDelivery.objects.filter(
        endpoint=OuterRef("pk"), status=DeliveryStatus.PENDING, claimed_until__gt=now
    )
    count = claimed.order_by().values("endpoint").annotate(count=Count("pk")).values("count")
    endpoints = (
        WebhookEndpoint.objects.filter(Exists(due), is_enabled=True)
        .annotate(under_way=Coalesce(Subquery(count), 0))
        # Who is well comes first.
        .order_by("failing_since", "pk")
    )
    return [
        (endpoint, (1 if endpoint.failing_since else ENDPOINT_AT_ONCE) - endpoint.under_way)
        for endpoint in endpoints
    ]


def _claim_of(endpoint: WebhookEndpoint, free: int, now: datetime) -> list[Parcel]:
    if free <= 0:
        return []
    with transaction.atomic():
        rows = list(
            _due(now)
            .filter(endpoint=endpoint)
            .select_related("event")
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("next_try_at", "id")[:free]
        )
        EventDelivery.objects.filter(pk__in=[row.pk for row in rows]).update(
            claimed_until=now + _CLAIM
        )
    return [_parcel(endpoint, row, now) for row in rows]


def _due(now: datetime) -> QuerySet[EventDelivery]:
    return EventDelivery.objects.filter(
        Q(claimed_until=None) | Q(claimed_until__lte=now),
        status=DeliveryStatus.PENDING,
        next_try_at__lte=now,
    )


def _parcel(endpoint: WebhookEndpoint, delivery: EventDelivery, now: datetime) -> Parcel:
    kept = delivery.event.body
    # The database keeps no order; people who read a body like to see what it is first.
    body = orjson.dumps({name: kept[name] for name in (*_HEAD, *(kept.keys() - set(_HEAD)))})
    secrets = [endpoint.secret]
    if (
        endpoint.former_secret
        and endpoint.former_secret_until
        and now < (endpoint.former_secret_until)
    ):
        secrets.append(endpoint.former_secret)
    headers = signed_headers(secrets, str(delivery.event_id), int(now.timestamp()), body)
    return Parcel(
        delivery_id=delivery.pk,
        url=endpoint.url,
        headers={**headers, "Content-Type": "application/json"},
        body=body,
    )


def _ready(outcomes: queue.SimpleQueue[Outcome]) -> Iterator[Outcome]:
    """What came in the meantime; waits a moment for the first."""
    try:
        yield outcomes.get(timeout=_LOOK_AGAIN_S)
        while True:
            yield outcomes.get_nowait()
    except queue.Empty:
        return
