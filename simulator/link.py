"""One connection to the central system: both directions at once, neither waits for the other.

Outwards one call is outstanding at a time (OCPP-J 1.6 §4.1.1). The other side's calls are answered
as they come, also while our own call waits, so no order of messages can deadlock.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from simulator import wire
from simulator.stats import Journal, Statistics
from simulator.wire import Answer, Call, CallError, FrameError, Payload


class DisconnectedError(ConnectionError):
    """The connection is gone; the call may or may not have been handled."""


class AnswerTimeoutError(TimeoutError):
    """No answer in time; the connection stays."""


class Link:
    """`respond` gets the other side's call and must see to its answer by `reply`."""

    def __init__(
        self,
        socket: ClientConnection,
        charger: str,
        respond: Callable[[Link, Call], Awaitable[None]],
        stats: Statistics,
        journal: Journal | None = None,
    ) -> None:
        self._socket = socket
        self._charger = charger
        self._respond = respond
        self._stats = stats
        self._journal = journal
        self._turn = asyncio.Lock()
        self._waiting: tuple[str, asyncio.Future[Payload]] | None = None
        self.closed = False

    async def run(self) -> None:
        """Read until the connection ends."""
        try:
            async for text in self._socket:
                await self._receive(text)
        except ConnectionClosed:
            pass
        finally:
            self._lose()

    async def call(
        self, action: str, payload: Payload, *, message_id: str | None = None, within: float = 30
    ) -> Payload:
        """The answer's payload. Raises CallError, AnswerTimeoutError, DisconnectedError."""
        async with self._turn:
            if self.closed:
                raise DisconnectedError
            number = message_id or str(uuid.uuid4())
            future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
            self._waiting = (number, future)
            began = time.perf_counter()
            self._stats.sent[action] += 1
            try:
                await self._send(wire.call(number, action, payload))
                async with asyncio.timeout(within):
                    answer = await future
            except TimeoutError:
                self._stats.timeouts[action] += 1
                raise AnswerTimeoutError(action) from None
            except CallError:
                self._stats.errors[action] += 1
                raise
            finally:
                self._waiting = None
                if future.done() and not future.cancelled():
                    future.exception()  # seen, also when the sending failed first
        self._stats.answered[action] += 1
        self._stats.latencies.add((time.perf_counter() - began) * 1000)
        if self._journal is not None:
            self._journal.record(self._charger, number, action, payload, answer)
        return answer

    async def reply(self, call: Call, outcome: Payload | CallError) -> None:
        if isinstance(outcome, CallError):
            await self._send(wire.error(call.message_id, outcome))
        else:
            await self._send(wire.answer(call.message_id, outcome))

    async def send_raw(self, text: str) -> None:
        """For scenarios that resend a frame as it was."""
        await self._send(text)

    async def close(self) -> None:
        await self._socket.close()

    def abort(self) -> None:
        """Cut the line without a close frame, as a lost network does."""
        self._lose()
        self._socket.transport.abort()

    async def _send(self, text: str) -> None:
        try:
            await self._socket.send(text)
        except ConnectionClosed:
            raise DisconnectedError from None

    async def _receive(self, text: str | bytes) -> None:
        try:
            frame = wire.parse(text)
        except FrameError:
            self._stats.events["unreadable_frames"] += 1
            return
        if isinstance(frame, Call):
            self._stats.received[frame.action] += 1
            await self._respond(self, frame)
            return
        if self._waiting is None or self._waiting[0] != frame.message_id:
            self._stats.events["unexpected_answers"] += 1
            return
        future = self._waiting[1]
        if future.done():
            return
        if isinstance(frame, Answer):
            future.set_result(frame.payload)
        else:
            future.set_exception(frame)

    def _lose(self) -> None:
        self.closed = True
        if self._waiting is not None and not self._waiting[1].done():
            self._waiting[1].set_exception(DisconnectedError())
