"""The ocpp process: uvicorn with the settings chargers need. `python -m unievp.serve_ocpp`.

A module instead of uvicorn's command line for one reason: "never close for a missing pong" is
`ws_ping_timeout=None`, which the command line cannot say. A large number is not the same, because
uvicorn then sends no further ping until the pong arrives, and the path through a mobile network's
NAT goes cold.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import nullcontext, suppress
from typing import Any

import uvicorn

# Chargers sit behind NATs that forget a silent connection after 60 s.
PING_INTERVAL_S = "55"
# Twice what the protocol core accepts: a frame slightly too large gets an answer, not a 1009 close.
MAX_MESSAGE_BYTES = 2_097_152


def listener(**options: Any) -> uvicorn.Config:
    """Settings of one port. `ws_ping_interval` None: no pings at all."""
    return uvicorn.Config(
        "unievp.ocpp_asgi:application",
        host=os.environ.get("BIND", "127.0.0.1"),
        loop="uvloop",
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_timeout=None,
        ws_per_message_deflate=False,
        access_log=False,
        # The settings configure logging for every process alike.
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=5,
        # A fleet that reconnects at once after an outage waits in the backlog, not in SYN retries.
        backlog=4096,
        **options,
    )


class ChargerServer(uvicorn.Server):
    """The listener that pings, and beside it in the same process the one that does not, if any.

    Both serve one application with one runtime, so the quiet one neither starts nor ends it: it
    follows the first in, and leaves before it.
    """

    def __init__(self, config: uvicorn.Config, quiet: uvicorn.Config | None = None) -> None:
        super().__init__(config)
        self.quiet = uvicorn.Server(quiet) if quiet else None
        self._serving: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.quiet is not None and self.started:
            # Signals are the first one's.
            self.quiet.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
            self._serving = asyncio.create_task(self.quiet.serve())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.quiet is not None and self._serving is not None:
            self.quiet.should_exit = True
            await self._serving
        await super().shutdown(sockets)


def charger_server(
    port: int, *, ping_interval: float, quiet_port: int | None = None
) -> ChargerServer:
    """`port` pings every `ping_interval` seconds (0: never), `quiet_port` never."""
    return ChargerServer(
        listener(port=port, ws_ping_interval=ping_interval or None, lifespan="on"),
        None
        if quiet_port is None
        else listener(port=quiet_port, ws_ping_interval=None, lifespan="off"),
    )


def main() -> None:
    """Serve on BIND (127.0.0.1) and OCPP_PORT (9000) until SIGTERM.

    OCPP_QUIET_PORT, off without it: a second port without pings, for chargers that break on them.
    """
    quiet = os.environ.get("OCPP_QUIET_PORT", "")
    server = charger_server(
        int(os.environ.get("OCPP_PORT", "9000")),
        ping_interval=float(os.environ.get("OCPP_PING_INTERVAL", PING_INTERVAL_S)),
        quiet_port=int(quiet) if quiet not in ("", "0") else None,
    )
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(1)


if __name__ == "__main__":
    main()
