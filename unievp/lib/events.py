"""“Something happened” travels up the house as an event, after the commit.

A service publishes a small frozen dataclass with ids (`SessionEnded(session_id)`);
`unievp/subscriptions.py`, one screen long, says which handler reacts. The row is the truth, the
event only a nudge: it is lost with the process, and a handler that fails is logged and never
reaches the publisher. For each event there is a database query that finds missed work and a beat
task that runs it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction

logger = logging.getLogger(__name__)

Event = TypeVar("Event")
Handler = Callable[[Event], object]

_handlers: defaultdict[type, list[Callable[[Any], object]]] = defaultdict(list)


def subscribe(event_type: type[Event], handler: Handler[Event]) -> None:
    """Call `handler` with each `event_type` published from now on (exactly that class)."""
    if handler not in _handlers[event_type]:
        _handlers[event_type].append(handler)


def unsubscribe(event_type: type[Event], handler: Handler[Event]) -> None:
    _handlers[event_type].remove(handler)


def publish(event: object) -> None:
    """Deliver `event` once the current transaction commits (never when it rolls back).

    Outside a transaction it is delivered at once.
    """
    transaction.on_commit(lambda: _deliver(event), robust=True)


def _deliver(event: object) -> None:
    for handler in tuple(_handlers.get(type(event), ())):
        try:
            handler(event)
        except Exception:
            logger.exception("%s failed for %r; a sweep has to find it", handler, event)
