"""Waiting inside a request without holding a thread or a database connection.

A waiting request is a coroutine and a subscription. The message says "look"; the row says what is;
a slow poll finds what a lost message missed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from asgiref.sync import SyncToAsync
from channels.layers import get_channel_layer
from django.db import connections

from unievp.lib.db import in_db

logger = logging.getLogger(__name__)

T = TypeVar("T")
POLL_S = 5.0


async def wait_for(
    group: str, look: Callable[[], T | None], *, seconds: float, poll: float = POLL_S
) -> T | None:
    """What `look` (run in the database pool) finds within `seconds`; None when it finds nothing.

    It looks once at the start, after each message to `group`, every `poll` seconds and at the end.
    """
    await release_request_thread()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    async with _listening(group) as heard:
        while True:
            found = await in_db(look)
            left = deadline - loop.time()
            if found is not None or left <= 0:
                return found
            with suppress(TimeoutError):
                async with asyncio.timeout(min(poll, left)):
                    await heard.wait()
            heard.clear()


async def release_request_thread() -> None:
    """End the thread that Django's synchronous middleware got for this request, if there is one.

    asgiref keeps it, idle, until the request ends, and makes another one when it is needed again:
    a hundred waiting requests would hold a hundred threads and what connections those opened.
    """
    context = SyncToAsync.thread_sensitive_context.get(None)
    if context is None:
        return
    executor = SyncToAsync.context_to_thread_executor.pop(context, None)
    if executor is not None:
        await asyncio.get_running_loop().run_in_executor(executor, connections.close_all)
        executor.shutdown(wait=False)


@asynccontextmanager
async def _listening(group: str) -> AsyncIterator[asyncio.Event]:
    """An event that each message to `group` sets; never set when the channel layer fails."""
    heard = asyncio.Event()
    joined = asyncio.Event()
    task = asyncio.create_task(_listen(group, heard, joined))
    await joined.wait()
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _listen(group: str, heard: asyncio.Event, joined: asyncio.Event) -> None:
    try:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel("wait.")
        await layer.group_add(group, channel)
        joined.set()
        try:
            while True:
                await layer.receive(channel)
                heard.set()
        finally:
            await layer.group_discard(group, channel)
    except Exception:
        logger.exception("Waiting for %s without the channel layer", group)
    finally:
        joined.set()
