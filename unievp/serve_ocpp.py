"""The ocpp process: uvicorn with the settings chargers need. `python -m unievp.serve_ocpp`.

A module instead of uvicorn's command line for one reason: "never close for a missing pong" is
`ws_ping_timeout=None`, which the command line cannot say. A large number is not the same, because
uvicorn then sends no further ping until the pong arrives, and the path through a mobile network's
NAT goes cold.
"""

import os

import uvicorn

# Chargers sit behind NATs that forget a silent connection after 60 s. A second listener with
# OCPP_PING_INTERVAL=0 serves the chargers that break on pings.
PING_INTERVAL_S = "55"
# Twice what the protocol core accepts: a frame slightly too large gets an answer, not a 1009 close.
MAX_MESSAGE_BYTES = 2_097_152


def main() -> None:
    """Serve `unievp.ocpp_asgi` on BIND (127.0.0.1) and OCPP_PORT (9000) until SIGTERM."""
    uvicorn.run(
        "unievp.ocpp_asgi:application",
        host=os.environ.get("BIND", "127.0.0.1"),
        port=int(os.environ.get("OCPP_PORT", "9000")),
        loop="uvloop",
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=float(os.environ.get("OCPP_PING_INTERVAL", PING_INTERVAL_S)),
        ws_ping_timeout=None,
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        # The settings configure logging for every process alike.
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=5,
        # A fleet that reconnects at once after an outage waits in the backlog, not in SYN retries.
        backlog=4096,
    )


if __name__ == "__main__":
    main()
