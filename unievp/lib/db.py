"""The database for async code: a sized pool of threads with persistent connections.

asgiref gives all sockets of a process *one* thread for the ORM: 20 sockets with one query of 0.1 s
each wait 2 s (measured; style.md §3.1). Here DB_POOL_THREADS threads each keep their connection
open between calls. A restarted PostgreSQL costs a call that was under way its error; the broken
connection is closed behind it, and the next call opens a new one.

Nothing that runs in the pool may wait for the pool again: with every thread waiting for a free
one, none would come.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial, wraps
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

P = ParamSpec("P")
T = TypeVar("T")

# serialization_failure, deadlock_detected: nothing was wrong but the moment.
_CONFLICTS = frozenset({"40001", "40P01"})
_CONFLICT_PAUSES_S = (0.01, 0.05, 0.2)
# Connection, insufficient resources, operator intervention: the server failed, not the statement.
_LOST = ("08", "53", "57P")

_jitter = random.SystemRandom()
_caller = threading.local()


async def in_db(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `func` in a database thread, with the caller's context variables; return its result.

    Cancelling the caller does not stop `func`: what it commits stays committed.
    `DB_POOL_THREADS = 0` uses asgiref's thread-sensitive thread, where Django's tests expect it.
    """
    size: int = settings.DB_POOL_THREADS
    call = partial(func, *args, **kwargs)
    if size == 0:
        return await sync_to_async(_run, thread_sensitive=True)(None, call)
    loop = asyncio.get_running_loop()
    context = copy_context()
    return await loop.run_in_executor(_executor(size), lambda: context.run(_run, loop, call))


def calling_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that waits for this pool thread; None outside the pool."""
    loop: asyncio.AbstractEventLoop | None = getattr(_caller, "loop", None)
    return loop


def retry_on_conflict(func: Callable[P, T]) -> Callable[P, T]:
    """Run a whole transaction again when PostgreSQL chose it as the loser of a deadlock or race.

    Four attempts with jittered pauses, then the last error. Inside an open transaction there is
    nothing to retry (it is aborted as a whole), so there the first error is passed on.
    """

    @wraps(func)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> T:
        for pause in _CONFLICT_PAUSES_S:
            try:
                return func(*args, **kwargs)
            except OperationalError as error:
                inside = connections[DEFAULT_DB_ALIAS].in_atomic_block
                if inside or sqlstate(error) not in _CONFLICTS:
                    raise
            time.sleep(pause * _jitter.uniform(0.5, 1.5))
        return func(*args, **kwargs)

    return attempt


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five characters behind a Django error; None where the server sent none."""
    state: str | None = getattr(error.__cause__, "sqlstate", None)
    return state


def is_connection_lost(error: BaseException) -> bool:
    """Whether the server or the way to it failed, so that another statement would fail as well."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    state = sqlstate(error)
    return state is None or state.startswith(_LOST)


def close_broken_connections() -> None:
    """Close this thread's connections that no longer answer, so that the next query reconnects."""
    for connection in connections.all(initialized_only=True):
        if connection.errors_occurred:
            connection.close_if_unusable_or_obsolete()


def close_pool() -> None:
    """Close the connection of every thread and end the threads, when a process or test ends."""
    size: int = settings.DB_POOL_THREADS
    if size == 0:
        return
    # Each thread waits for the others, so that none of them takes a second turn.
    everyone = threading.Barrier(size)

    def close() -> None:
        everyone.wait(timeout=60)
        connections.close_all()

    executor = _executor(size)
    for turn in [executor.submit(close) for _ in range(size)]:
        turn.result()
    executor.shutdown()
    _executor.cache_clear()


def _run(loop: asyncio.AbstractEventLoop | None, call: Callable[[], T]) -> T:
    _caller.loop = loop
    try:
        return call()
    finally:
        # Also after success: a function may have caught the error that broke its connection.
        close_broken_connections()


@cache
def _executor(size: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, thread_name_prefix="db")
