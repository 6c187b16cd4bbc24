"""How uvicorn has to run for chargers (architecture §2, "Liveness")."""

from __future__ import annotations

from typing import Any, Final

import uvicorn

PING_INTERVAL_S: Final = 55.0
# Above the core's own limit of 1 MiB, so that a frame a little too large still gets an answer.
MAX_FRAME: Final = 2 * 1_048_576
BACKLOG: Final = 4096


def config(app: Any, *, host: str, port: int, pings: bool = True, **options: Any) -> uvicorn.Config:
    """Pings every 55 s and never closes for a missing pong; no compression, no access log."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME,
        ws_ping_interval=PING_INTERVAL_S if pings else None,
        ws_ping_timeout=None,
        ws_per_message_deflate=False,
        backlog=BACKLOG,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=8,
        **options,
    )
