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
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import Any

import uvicorn

# Chargers sit behind NATs that forget a silent connection after 60 s.
PING_INTERVAL_S = "55"
# Twice what the protocol core accepts: a frame slightly too large gets an answer, not a 1009 close.
MAX_MESSAGE_BYTES = 2_097_152


def listener(*, app: str = "application", host: str = "", **options: Any) -> uvicorn.Config:
    """Settings of one port. `ws_ping_interval` None: no pings at all."""
    return uvicorn.Config(
        f"unievp.ocpp_asgi:{app}",
        host=host or os.environ.get("BIND", "127.0.0.1"),
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
    """The first listener, and beside it in the same process the others, if any.

    All serve one runtime, so the others neither start nor end it: they follow the first in, and
    leave before it.
    """

    def __init__(self, config: uvicorn.Config, others: Sequence[uvicorn.Config] = ()) -> None:
        super().__init__(config)
        self.others = [uvicorn.Server(other) for other in others]
        self._serving: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        for other in self.others:
            # Signals are the first one's.
            other.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
            self._serving.append(asyncio.create_task(other.serve()))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for other in self.others:
            other.should_exit = True
        await asyncio.gather(*self._serving)
        await super().shutdown(sockets)


def charger_server(
    port: int,
    *,
    ping_interval: float,
    quiet_port: int | None = None,
    tls_port: int | None = None,
    mtls_port: int | None = None,
    tls_bind: str = "127.0.0.1",
) -> ChargerServer:
    """`port` pings every `ping_interval` seconds (0: never), `quiet_port` never.

    `tls_port`, `mtls_port`: for nginx alone, at `tls_bind`; there its headers are believed.
    """
    pings = ping_interval or None
    others = []
    if quiet_port is not None:
        others.append(listener(port=quiet_port, ws_ping_interval=None, lifespan="off"))
    for behind, app in ((tls_port, "tls_application"), (mtls_port, "mtls_application")):
        if behind is not None:
            options = {"ws_ping_interval": pings, "lifespan": "off", "proxy_headers": False}
            others.append(listener(app=app, host=tls_bind, port=behind, **options))
    return ChargerServer(listener(port=port, ws_ping_interval=pings, lifespan="on"), others)


def main() -> None:
    """Serve on BIND (127.0.0.1) and OCPP_PORT (9000) until SIGTERM.

    Off without them: OCPP_QUIET_PORT, a port without pings, for chargers that break on them;
    OCPP_TLS_PORT and OCPP_MTLS_PORT at OCPP_TLS_BIND (127.0.0.1), for nginx alone, see
    docs/security.md.
    """
    server = charger_server(
        int(os.environ.get("OCPP_PORT", "9000")),
        ping_interval=float(os.environ.get("OCPP_PING_INTERVAL", PING_INTERVAL_S)),
        quiet_port=_port("OCPP_QUIET_PORT"),
        tls_port=_port("OCPP_TLS_PORT"),
        mtls_port=_port("OCPP_MTLS_PORT"),
        tls_bind=os.environ.get("OCPP_TLS_BIND", "127.0.0.1"),
    )
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(1)


def _port(name: str) -> int | None:
    text = os.environ.get(name, "")
    return int(text) if text not in ("", "0") else None


if __name__ == "__main__":
    main()
