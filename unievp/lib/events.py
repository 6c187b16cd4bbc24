"""“Something happened” travels up the house as an event, after the commit.

A service publishes a small frozen dataclass with ids (`SessionEnded(session_id)`);
`unievp/subscriptions.py`, one screen long, says which handler reacts. The row is the truth, the
event only a nudge: it is lost with the process, and a handler that fails is logged and never
reaches the publisher. For each event there is a database query that finds missed work and a beat
task that runs it.

A process with an event loop and much traffic delivers through a `Gatherer`: beside the thread that
commits, and many events at once to handlers that were subscribed by `subscribe_many`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import Any, TypeVar

from django.db import transaction

from unievp.lib.db import in_db

logger = logging.getLogger(__name__)

Event = TypeVar("Event")
Handler = Callable[[Event], object]
ManyHandler = Callable[[list[Event]], object]

_handlers: defaultdict[type, list[Callable[[Any], object]]] = defaultdict(list)
_many_handlers: defaultdict[type, list[Callable[[list[Any]], object]]] = defaultdict(list)
_gatherer: Gatherer | None = None


def subscribe(event_type: type[Event], handler: Handler[Event]) -> None:
    """Call `handler` with each `event_type` published from now on (exactly that class)."""
    if handler not in _handlers[event_type]:
        _handlers[event_type].append(handler)


def subscribe_many(event_type: type[Event], handler: ManyHandler[Event]) -> None:
    """Call `handler` with a list of events: those that were gathered, else one at a time."""
    if handler not in _many_handlers[event_type]:
        _many_handlers[event_type].append(handler)


def unsubscribe(event_type: type[Event], handler: Callable[[Any], object]) -> None:
    """Undo `subscribe` or `subscribe_many`."""
    for handlers in (_handlers[event_type], _many_handlers[event_type]):
        if handler in handlers:
            handlers.remove(handler)


def publish(event: object) -> None:
    """Deliver `event` once the current transaction commits (never when it rolls back).

    Outside a transaction it is delivered at once.
    """
    transaction.on_commit(lambda: _deliver(event), robust=True)


def _deliver(event: object) -> None:
    if _gatherer is None:
        _deliver_all([event])
    else:
        _gatherer.add(event)


def _deliver_all(events: Iterable[object]) -> None:
    by_type: defaultdict[type, list[object]] = defaultdict(list)
    for event in events:
        by_type[type(event)].append(event)
    for event_type, gathered in by_type.items():
        for handler in tuple(_handlers.get(event_type, ())):
            for event in gathered:
                _call(handler, event)
        for many_handler in tuple(_many_handlers.get(event_type, ())):
            _call(many_handler, gathered)


def _call(handler: Callable[[Any], object], news: object) -> None:
    try:
        handler(news)
    except Exception:
        logger.exception("%s failed for %r; a sweep has to find it", handler, news)


class Gatherer:
    """Delivers what was published in the last `interval` seconds at once, in the database pool.

    Nobody who commits waits for it: in the ocpp process a handler's query or broker call would
    otherwise stand between a charger and its answer. One per process, made in its event loop.
    """

    def __init__(self, *, interval: float = 0.05) -> None:
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        # A delivery is nobody's: it must not run in the context of whoever published first.
        self._context = copy_context()
        self._waiting: list[object] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        global _gatherer  # noqa: PLW0603  (one per process, as the handlers are)
        _gatherer = self

    def add(self, event: object) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._add, event, context=self._context)

    async def aclose(self) -> None:
        """Deliver what waits; from now on events are delivered at once."""
        global _gatherer  # noqa: PLW0603
        if _gatherer is self:
            _gatherer = None
        # What other threads handed over before this moment arrives first.
        await asyncio.sleep(0)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._deliver()

    def _add(self, event: object) -> None:
        self._waiting.append(event)
        if self._task is None:
            self._task = self._loop.create_task(self._run())

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._interval)
            # Shielded: the end of the process must not lose a batch that is under way.
            await asyncio.shield(self._deliver())
        self._task = None

    async def _deliver(self) -> None:
        events, self._waiting = self._waiting, []
        if not events:
            return
        try:
            await in_db(_deliver_all, events)
        except Exception:
            logger.exception("%d events were not delivered; sweeps have to find them", len(events))
