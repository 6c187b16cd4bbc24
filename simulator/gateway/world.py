"""What both APIs share: the books, the faults, the webhooks, and what happens by itself."""

from __future__ import annotations

import asyncio
import base64
import binascii
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from simulator.gateway.books import Books
from simulator.gateway.faults import Faults
from simulator.gateway.notifier import Notifier

Handler = Callable[[Request], Awaitable[Response]]

SLOW_S = 30.0


@dataclass
class World:
    """`step_s`: how long a payout stays in each state, and a refund until it is confirmed."""

    books: Books
    faults: Faults
    notifier: Notifier
    public_url: str = "http://localhost:8010"
    step_s: float = 1.0
    slow_s: float = SLOW_S
    # (method, path, key, body) of every call, in order: what tests look at.
    calls: list[dict[str, Any]] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def later(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.notifier.aclose()


class Refusal(Exception):  # noqa: N818 (an answer, not a fault)
    """What the gateway answers instead."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


def key_of(request: Request) -> str:
    """The user of the Basic header; empty where there is none."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def endpoint(world: World, handler: Handler) -> Handler:
    """The handler with the faults around it."""

    async def call(request: Request) -> Response:
        faults = world.faults
        raw = await request.body()
        world.calls.append(
            {
                "method": request.method,
                "path": request.url.path,
                "key": key_of(request),
                "idempotency_key": request.headers.get("idempotency-key")
                or request.headers.get("x-idempotency-key", ""),
                "body": raw.decode("utf-8", "replace"),
            }
        )
        if faults.take("rate_limit"):
            headers = {"Rate-Limit-Reset": "1"}
            body = {"error_code": "RATE_LIMIT_EXCEEDED", "message": "slow down"}
            return JSONResponse(body, 429, headers)
        if faults.take("html_502"):
            return HTMLResponse("<html><h1>Bad Gateway</h1></html>", 502)
        for name, status in (("error_500", 500), ("error_503", 503)):
            if faults.take(name):
                return JSONResponse({"error_code": "SERVER_ERROR", "message": name}, status)
        response = await _answer(handler, request)
        world.books.save()
        if faults.take("slow_after"):
            await asyncio.sleep(world.slow_s)
        if faults.take("lost_after"):
            return Response(status_code=504)
        return response

    return call


async def _answer(handler: Handler, request: Request) -> Response:
    try:
        return await handler(request)
    except Refusal as refusal:
        return JSONResponse(refusal.body, refusal.status)
