"""Messages that arrive together share one database transaction.

    heartbeats = GroupCommit(store_heartbeats)
    await heartbeats.submit(charger.pk, Heartbeat(...))   # returns after the commit

While one batch is in the database the next one collects, so batches grow with the load by
themselves: an idle system commits at once, a busy one writes hundreds of items per transaction.

Promises: a reply comes after the commit of its item, never before. Items of one key are written
one after the other in the order of their submission, never two in one batch. An item that makes
its batch fail is found by writing each item of that batch alone: only it fails. An item may be
written again when the connection breaks during COMMIT (nobody can know whether it counted), so
`write` has to be idempotent, as it must be for messages that chargers resend.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from contextvars import Context
from functools import partial
from typing import Generic, NamedTuple, TypeVar, cast

from django.db import transaction

from unievp.lib.db import (
    close_broken_connections,
    in_db,
    is_connection_lost,
    retry_on_conflict,
)

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Waiting(NamedTuple, Generic[Item, Result]):
    key: Hashable
    item: Item
    reply: asyncio.Future[Result]


class GroupCommit(Generic[Item, Result]):
    """Collects items and writes them in batches of at most `max_batch`, each in one transaction.

    `write` runs in a database thread and returns one result per item, in order; an Exception as a
    result refuses that item alone and the rest is committed. `linger` (seconds) waits for company
    before each batch; `writers` batches may be in the database at once, never with a common key.
    Belongs to one event loop at a time.
    """

    def __init__(
        self,
        write: Callable[[list[Item]], Sequence[Result | Exception]],
        *,
        max_batch: int = 200,
        linger: float = 0.0,
        writers: int = 1,
    ) -> None:
        self._write = write
        self._max_batch = max_batch
        self._linger = linger
        self._max_writers = writers
        self._writers: set[asyncio.Task[None]] = set()
        # At most one item of each key is ready or being written; later ones queue behind it.
        self._ready: deque[_Waiting[Item, Result]] = deque()
        self._behind: dict[Hashable, deque[_Waiting[Item, Result]] | None] = {}
        self._closed = False

    def submit(self, key: Hashable, item: Item) -> asyncio.Future[Result]:
        """Queue `item`; await the answer for its result, which comes after its commit.

        Raises (from the awaitable) what `write` raised or returned for this item. Cancelling the
        waiter leaves the item in its batch. Raises RuntimeError after `aclose`.
        """
        if self._closed:
            message = "This group commit is closed"
            raise RuntimeError(message)
        reply: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(key, item, reply)
        if key not in self._behind:
            self._behind[key] = None
            self._ready.append(waiting)
            if len(self._writers) < self._max_writers:
                self._start_writer()
        elif (behind := self._behind[key]) is not None:
            behind.append(waiting)
        else:
            self._behind[key] = deque([waiting])
        return reply

    async def aclose(self) -> None:
        """Refuse new items and return when every waiting one is written and answered."""
        self._closed = True
        while self._writers:
            await asyncio.wait(self._writers)

    def _start_writer(self) -> None:
        # An empty context: the batch must not run under the log context of its first submitter.
        writer = asyncio.get_running_loop().create_task(self._drain(), context=Context())
        self._writers.add(writer)
        # For a writer that is cancelled before its first step; the others leave by themselves.
        writer.add_done_callback(self._writers.discard)

    async def _drain(self) -> None:
        try:
            while self._ready:
                if self._linger and len(self._ready) < self._max_batch:
                    await asyncio.sleep(self._linger)
                count = min(len(self._ready), self._max_batch)
                batch = [self._ready.popleft() for _ in range(count)]
                if batch:
                    await self._settle(batch)
        finally:
            # In the same step as the last look at `_ready`: callbacks run only after the waiters
            # just answered, whose next item would find a writer that writes no more.
            self._writers.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _settle(self, batch: list[_Waiting[Item, Result]]) -> None:
        items = [waiting.item for waiting in batch]
        results: Sequence[Result | Exception]
        try:
            results = await in_db(partial(_write_batch, self._write, items))
        except asyncio.CancelledError:
            for waiting in batch:
                waiting.reply.cancel()
            raise
        except Exception as error:  # noqa: BLE001 (each waiter raises it; the writer lives on)
            results = [error] * len(batch)
        finally:
            self._release(batch)
        for waiting, result in zip(batch, results, strict=True):
            if waiting.reply.done():
                continue
            if isinstance(result, Exception):
                waiting.reply.set_exception(result)
            else:
                waiting.reply.set_result(result)

    def _release(self, batch: list[_Waiting[Item, Result]]) -> None:
        """The next item of each written key becomes ready."""
        for waiting in batch:
            behind = self._behind[waiting.key]
            if behind:
                self._ready.append(behind.popleft())
            else:
                del self._behind[waiting.key]


def _write_batch(
    write: Callable[[list[Item]], Sequence[Result | Exception]], items: list[Item]
) -> Sequence[Result | Exception]:
    try:
        return _commit(write, items)
    except Exception as error:
        if len(items) == 1:
            return [error]
        logger.exception("A batch of %d was rolled back; each item is written alone", len(items))
    return _commit_each(write, items)


def _commit_each(
    write: Callable[[list[Item]], Sequence[Result | Exception]], items: list[Item]
) -> list[Result | Exception]:
    results: list[Result | Exception] = []
    for position, item in enumerate(items):
        close_broken_connections()
        try:
            results += _commit(write, [item])
        except Exception as error:  # noqa: BLE001 (it is this item's answer)
            results.append(error)
            if is_connection_lost(error):
                # Each further attempt would only wait for the same absent server.
                return results + [error] * (len(items) - position - 1)
    return results


@retry_on_conflict
def _commit(
    write: Callable[[list[Item]], Sequence[Result | Exception]], items: list[Item]
) -> Sequence[Result | Exception]:
    committed: list[bool] = []
    results: Sequence[Result | Exception] = ()
    try:
        with transaction.atomic(durable=True):
            # First in the row of hooks: an error after this mark came from another hook.
            transaction.on_commit(lambda: committed.append(True))
            results = write(items)
            if len(results) != len(items):
                message = f"{write!r} returned {len(results)} results for {len(items)} items"
                raise RuntimeError(message)
    except Exception:
        if not committed:
            raise
        logger.exception("An on_commit hook failed; the batch is committed")
    return results
