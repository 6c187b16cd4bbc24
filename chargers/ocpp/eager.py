"""Run a coroutine now, and make a task of it only where it has to wait.

`asyncio.create_task` costs several microseconds and a turn of the event loop. An ASGI server's
`send` writes to the socket at once unless the socket is full, so nearly always there is nothing
to wait for. (Python 3.12 has `asyncio.eager_task_factory` for the same.)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any

logger = logging.getLogger(__name__)

_rest: set[asyncio.Task[None]] = set()


def run_eagerly(awaitable: Awaitable[None]) -> None:
    """Run until the first wait; the rest becomes a task. What it raises is logged at debug level:

    the socket is gone, and its disconnect event says so to whoever reads it.
    """
    if not isinstance(awaitable, Coroutine):
        _keep(asyncio.ensure_future(_quietly(awaitable)))
        return
    try:
        waits_for = awaitable.send(None)
    except StopIteration:
        return
    except Exception as error:  # noqa: BLE001 (any server's way to say that the socket is gone)
        logger.debug("A send failed: %r", error)
        return
    _keep(asyncio.get_running_loop().create_task(_quietly(_Rest(awaitable, waits_for))))


def _keep(task: asyncio.Future[None]) -> None:
    if isinstance(task, asyncio.Task):
        _rest.add(task)
        task.add_done_callback(_rest.discard)


async def _quietly(awaitable: Awaitable[None]) -> None:
    try:
        await awaitable
    except Exception as error:  # noqa: BLE001 (see run_eagerly)
        logger.debug("A send failed: %r", error)


class _Rest:
    """Waits for what the coroutine waits for already, then goes on with it."""

    def __init__(self, started: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._started = started
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        while waits_for is not _FINISHED:
            try:
                value = yield waits_for
            except BaseException as error:  # noqa: BLE001 (cancellation included: it is theirs)
                waits_for = _throw(self._started, error)
            else:
                waits_for = _step(self._started, value)


_FINISHED = object()


def _step(started: Coroutine[Any, Any, None], value: Any) -> Any:
    try:
        return started.send(value)
    except StopIteration:
        return _FINISHED


def _throw(started: Coroutine[Any, Any, None], error: BaseException) -> Any:
    try:
        return started.throw(error)
    except StopIteration:
        return _FINISHED
