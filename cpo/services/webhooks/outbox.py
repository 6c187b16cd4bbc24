"""What happened, kept for those who want to hear of it, until each of them has."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from cpo.events import WebhooksDue
from cpo.models import EventDelivery, WebhookEndpoint, WebhookEvent
from cpo.services.webhooks.catalogue import TYPES, patterns_of
from unievp.lib import clock
from unievp.lib.events import publish

# The ids of events are made from their keys: whoever finds the same event makes the same id.
_NAMESPACE: Final = uuid.UUID("6f1f7a53-4b1c-5a0e-9d3c-2b6c6c0d7e21")

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened. `key` names it for ever; `data` is JSON, as the API shows it."""

    type: str
    key: str
    cpo_id: UUID | None
    occurred_at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listeners:
    """Whose endpoints hear of some types: those of `cpos`, and `everybody`'s for the platform.

    None of them was on before `since`.
    """

    everybody: bool
    cpos: frozenset[UUID]
    since: datetime

    def __bool__(self) -> bool:
        return self.everybody or bool(self.cpos)

    def of(self, rows: QuerySet[_Row], path: str) -> QuerySet[_Row]:
        """The rows that somebody hears of; `path` leads from a row to its company."""
        return rows if self.everybody else rows.filter(**{f"{path}__in": self.cpos})


def listeners(event_types: Iterable[str]) -> Listeners:
    """Who listens: asked before anything is read or built."""
    patterns = {pattern for name in event_types for pattern in patterns_of(name)}
    enabled = WebhookEndpoint.objects.filter(is_enabled=True)
    found = enabled.filter(event_types__overlap=sorted(patterns))
    rows: list[tuple[Any, datetime]] = list(found.values_list("cpo_id", "enabled_at"))
    return Listeners(
        everybody=any(owner is None for owner, _since in rows),
        cpos=frozenset(owner for owner, _since in rows if owner is not None),
        since=min((since for _owner, since in rows), default=clock.now()),
    )


def emit(
    event_type: str,
    *,
    key: str,
    cpo_id: UUID | None,
    data: dict[str, Any],
    occurred_at: datetime | None = None,
) -> int:
    """One event, in the caller's transaction: it goes out if that commits (`emit_all`)."""
    return emit_all([News(event_type, key, cpo_id, occurred_at or clock.now(), data)])


def emit_all(news: Sequence[News], *, swept: bool = False) -> int:
    """Queue each event for every endpoint that hears of it, once; how many deliveries are new.

    `swept`: found later, so only for endpoints that were on when it happened. Raises ValueError
    for a type that is not in the catalogue.
    """
    for item in news:
        if item.type not in TYPES:
            message = f"{item.type} is not in the catalogue of events"
            raise ValueError(message)
    wanted = _wanted(news, swept=swept)
    if not wanted:
        return 0
    now = clock.now()
    events = {item.key: _event(item, now) for item, _endpoint in wanted}
    with transaction.atomic():
        WebhookEvent.objects.bulk_create(events.values(), ignore_conflicts=True)
        made = queue([(endpoint, events[item.key].pk) for item, endpoint in wanted], now=now)
        if made:
            publish(WebhooksDue())
    return made


def queue(pairs: Sequence[tuple[WebhookEndpoint, UUID]], *, now: datetime) -> int:
    """Deliveries of (endpoint, event) that are not there yet; how many that were."""
    rows = [
        EventDelivery(endpoint=endpoint, event_id=event_id, created_at=now, next_try_at=now)
        for endpoint, event_id in pairs
    ]
    event_ids = {event_id for _endpoint, event_id in pairs}
    known = EventDelivery.objects.filter(event_id__in=event_ids)
    before = known.count()
    EventDelivery.objects.bulk_create(rows, ignore_conflicts=True)
    return known.count() - before


def event_id_of(key: str) -> UUID:
    return uuid.uuid5(_NAMESPACE, key)


def unheard(keys: Iterable[str]) -> set[str]:
    """Those of `keys` that no event was written for."""
    wanted = set(keys)
    return wanted - set(WebhookEvent.objects.filter(key__in=wanted).values_list("key", flat=True))


def _wanted(news: Sequence[News], *, swept: bool) -> list[tuple[News, WebhookEndpoint]]:
    if not news:
        return []
    theirs = Q(cpo=None) | Q(cpo__in={item.cpo_id for item in news if item.cpo_id})
    # Nothing is signed here, so nothing has to be decrypted.
    enabled = WebhookEndpoint.objects.filter(theirs, is_enabled=True)
    endpoints = list(enabled.defer("secret", "former_secret").order_by("pk"))
    # In one order, whoever writes: two that find the same events wait, and do not lock each other.
    return [
        (item, endpoint)
        for item in sorted(news, key=lambda item: item.key)
        for endpoint in endpoints
        if endpoint.cpo_id in (None, item.cpo_id)
        and not set(patterns_of(item.type)).isdisjoint(endpoint.event_types)
        and (not swept or endpoint.enabled_at <= item.occurred_at)
    ]


def _event(item: News, now: datetime) -> WebhookEvent:
    event_id = event_id_of(item.key)
    body = {
        "id": str(event_id),
        "type": item.type,
        "timestamp": clock.isoformat_z(item.occurred_at),
        "cpo_id": str(item.cpo_id) if item.cpo_id else None,
        "data": item.data,
    }
    return WebhookEvent(
        id=event_id,
        key=item.key,
        type=item.type,
        cpo_id=item.cpo_id,
        occurred_at=item.occurred_at,
        recorded_at=now,
        # Times and ids as the API writes them, and nothing that JSON has no word for.
        body=orjson.loads(orjson.dumps(body)),
    )
