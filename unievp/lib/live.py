"""Live messages to open pages and sockets: at most once, never money or commands alone.

A lost message costs a page one refetch (changes are versioned), so a failing channel layer is
logged and nothing else. A `message` has a `type`, the name of the consumer's method.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from unievp.lib.db import calling_loop

logger = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# Channels allows 99 characters of [A-Za-z0-9-_.]; `_` starts an escape, `.` joins the parts.
_MAX_GROUP_NAME = 99
_ESCAPED = re.compile(r"[^A-Za-z0-9-]")


def group_name(kind: str, *parts: object) -> str:
    """`group_name("charger", "CP/1")` → `charger.CP_2f1`: two different inputs never share a name.

    A name that would be too long ends in a SHA-256 instead.
    """
    escaped = [_ESCAPED.sub(_escape, str(part)) for part in (kind, *parts)]
    name = ".".join(escaped)
    if len(name) <= _MAX_GROUP_NAME:
        return name
    # `_x` is no escape, so no name that is spelled out can be equal.
    return f"{escaped[0][:20]}._x{hashlib.sha256(name.encode()).hexdigest()}"


def broadcast(group: str, message: dict[str, Any]) -> None:
    """Send `message` to `group` once the current transaction commits; never raises."""
    transaction.on_commit(lambda: _send(group, message), robust=True)


async def abroadcast(group: str, message: dict[str, Any]) -> None:
    """Send `message` to `group` now; never raises but CancelledError."""
    try:
        layer = get_channel_layer()
        if layer is not None:
            await layer.group_send(group, message)
    except Exception:
        logger.exception("A live message to %s was lost", group)


def _send(group: str, message: dict[str, Any]) -> None:
    loop = calling_loop()
    if loop is None:
        async_to_sync(abroadcast)(group, message)
    else:
        # The loop that waits for this thread has the connection already, and nobody waits for it.
        asyncio.run_coroutine_threadsafe(abroadcast(group, message), loop)


def _escape(match: re.Match[str]) -> str:
    return "".join(f"_{byte:02x}" for byte in match[0].encode())


class Throttle(Generic[Key, Value]):
    """At most one delivery per key and `interval` (seconds); the values between become one.

    `merge` makes one value of two; without it the later one wins. The first value goes out at once
    and what came last always does. Deliveries of one key never overlap; one that raises is logged.
    """

    def __init__(
        self,
        deliver: Callable[[Key, Value], Awaitable[None]],
        *,
        interval: float = 1.0,
        merge: Callable[[Value, Value], Value] | None = None,
    ) -> None:
        self._deliver = deliver
        self._interval = interval
        self._merge = merge
        self._latest: dict[Key, Value] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    def push(self, key: Key, value: Value) -> None:
        """Deliver `value` now, or when the interval since the last delivery is over."""
        if self._merge is not None and key in self._latest:
            value = self._merge(self._latest[key], value)
        self._latest[key] = value
        if key not in self._tasks:
            self._tasks[key] = asyncio.get_running_loop().create_task(self._run(key))

    async def aclose(self) -> None:
        """Deliver what still waits, at once."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        for key in list(self._latest):
            await self._deliver_latest(key)

    async def _run(self, key: Key) -> None:
        try:
            while key in self._latest:
                await self._deliver_latest(key)
                await asyncio.sleep(self._interval)
        finally:
            self._tasks.pop(key, None)

    async def _deliver_latest(self, key: Key) -> None:
        try:
            await self._deliver(key, self._latest.pop(key))
        except Exception:
            logger.exception("A throttled delivery for %s failed", key)
