"""The real application under a real uvicorn on a loopback port, in the test's own event loop.

    async with running_server() as server:
        async with connect(server.url("CP1"), subprotocols=["ocpp1.6"]) as socket: ...

Tests that use it need `pytest.mark.django_db(transaction=True)`: the server commits.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any

import uvicorn
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect

SUBPROTOCOL = "ocpp1.6"
PATIENCE_S = 10.0


class Server:
    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, identity: str, prefix: str = "") -> str:
        return f"ws://127.0.0.1:{self.port}/{prefix}{identity}"

    @asynccontextmanager
    async def charger(self, identity: str, **options: Any) -> AsyncIterator[Client]:
        options.setdefault("subprotocols", [SUBPROTOCOL])
        async with websocket_connect(self.url(identity), compression=None, **options) as socket:
            yield Client(socket)


class Client:
    """The charger's side, frame by frame."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._number = 0

    async def send(self, frame: Any) -> None:
        await self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def receive(self) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return json.loads(await self.socket.recv())

    async def call(self, action: str, payload: Any, message_id: str | None = None) -> Any:
        """The payload of the answer; the whole frame where it is a CALLERROR."""
        self._number += 1
        message_id = message_id or f"m{self._number}"
        await self.send([2, message_id, action, payload])
        frame = await self.receive()
        assert frame[1] == message_id, frame
        return frame[2] if frame[0] == 3 else frame


class _Uvicorn(uvicorn.Server):
    async def main_loop(self) -> None:
        """As uvicorn's, which looks ten times a second whether it should end."""
        while not await self.on_tick(0):  # noqa: ASYNC110  (`should_exit` is a plain attribute)
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running_server(app: Any = None) -> AsyncIterator[Server]:
    if app is None:
        from chargers.ocpp.asgi import application as app
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        ws="websockets-sansio",
        ws_max_size=2 * 1_048_576,
        ws_ping_interval=55,
        ws_ping_timeout=None,
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_config=None,
    )
    server = _Uvicorn(config)
    # The test's process keeps its own signal handlers.
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started or serving.done())
        if serving.done():
            serving.result()
        yield Server(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await serving


async def until(
    condition: Callable[[], Any] | Callable[[], Awaitable[Any]], seconds: float = PATIENCE_S
) -> Any:
    """Poll until `condition` (plain or async) is true, and return what it said."""
    async with asyncio.timeout(seconds):
        while True:
            result = condition()
            if asyncio.iscoroutine(result):
                result = await result
            if result:
                return result
            await asyncio.sleep(0.01)
