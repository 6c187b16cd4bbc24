"""The ASGI application of the chargers' listener: sockets, a health check, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from chargers.ocpp.consumer import ChargerConsumer
from chargers.ocpp.listeners import Listener, behind
from chargers.ocpp.runtime import close_runtime, runtime
from unievp.lib.memory import keep_what_is_loaded

logger = logging.getLogger(__name__)

_consumer = ChargerConsumer.as_asgi()


async def application(scope: Any, receive: Any, send: Any) -> None:
    match scope["type"]:
        case "websocket":
            await _consumer(scope, receive, send)
        case "http":
            await _http(scope, send)
        case "lifespan":
            await _lifespan(receive, send)


# Behind nginx, which ends TLS: see `chargers.ocpp.listeners`.
tls_application = behind(application, Listener.TLS)
mtls_application = behind(application, Listener.MTLS)


async def _http(scope: Any, send: Any) -> None:
    """`/healthz` says that the process answers; a browser at the wrong port gets a hint."""
    healthy = scope["path"] == "/healthz"
    body = b"ok\n" if healthy else b"Chargers connect here: ws://HOST:PORT/{charger_id}, ocpp1.6\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    status = 200 if healthy else 404
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await _start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            with contextlib.suppress(asyncio.CancelledError):
                await close_runtime()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _start() -> None:
    try:
        await runtime().start()
    except Exception:
        # A database that comes up later is no reason not to listen.
        logger.exception("The chargers of an earlier run could not be marked offline")
    keep_what_is_loaded()
