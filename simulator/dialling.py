"""Opening the WebSocket: address, subprotocol, Basic credentials, and why it was refused."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.headers import build_authorization_basic
from websockets.typing import Subprotocol

from simulator.stats import Statistics

logger = logging.getLogger("simulator")

OPEN_WITHIN_S = 20


@dataclass(frozen=True)
class Identity:
    """`url` is the endpoint; the percent-encoded id is appended to it (OCPP-J 1.6 §3.1)."""

    id: str
    url: str
    password: str | None = field(default=None, repr=False)
    vendor: str = "UNIEV"
    model: str = "Simulator AC"

    @property
    def address(self) -> str:
        return f"{self.url.rstrip('/')}/{quote(self.id, safe='')}"


async def dial(identity: Identity, stats: Statistics) -> ClientConnection | None:
    """The open socket, or None after a refusal, which is counted by HTTP status or error."""
    headers = Headers()
    if identity.password is not None:
        headers["Authorization"] = build_authorization_basic(identity.id, identity.password)
    try:
        socket = await connect(
            identity.address,
            subprotocols=[Subprotocol("ocpp1.6")],
            additional_headers=headers,
            compression=None,
            ping_interval=None,
            open_timeout=OPEN_WITHIN_S,
            close_timeout=1,
            proxy=None,
        )
    except InvalidStatus as refusal:
        stats.refused[str(refusal.response.status_code)] += 1
        logger.info("%s refused: %s", identity.id, refusal)
        return None
    except (OSError, InvalidHandshake, TimeoutError) as failure:
        stats.refused[type(failure).__name__] += 1
        logger.debug("%s cannot connect: %s", identity.id, failure)
        return None
    stats.connects += 1
    stats.reconnects += identity.id in stats.chargers_seen
    stats.chargers_seen.add(identity.id)
    return socket
