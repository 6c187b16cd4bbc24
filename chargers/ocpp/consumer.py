"""The Channels consumer of one charger, with a dispatch loop of its own.

Channels' `await_many_dispatch` builds and cancels two tasks for every message; here the consumer's
own task reads the socket and hands each frame to `Connection.feed`, which awaits nothing. The
channel layer is read once per process, by the switchboard (architecture §4).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from channels.consumer import AsyncConsumer

from chargers.ocpp.connection import Connection
from chargers.ocpp.doorkeeper import Admitted, Refused
from chargers.ocpp.handshake import knock_of, refuse
from chargers.ocpp.runtime import Runtime, runtime

logger = logging.getLogger(__name__)


class ChargerConsumer(AsyncConsumer):
    """One per socket; ends when the socket does."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        if message["type"] != "websocket.connect":
            return
        house = runtime()
        verdict = await _knock(house, scope)
        if isinstance(verdict, Refused):
            await refuse(scope, receive, send, verdict)
            return
        await _serve(house, verdict, receive, send)


async def _knock(house: Runtime, scope: dict[str, Any]) -> Admitted | Refused:
    knock = knock_of(scope, house.process)
    if not knock.identity:
        return Refused(404, "no identity")
    try:
        return await house.knocks.submit(knock.identity.lower(), knock)
    except Exception:
        # The database is away: the charger comes back by itself.
        logger.exception("The handshake of %r failed", knock.identity)
        return Refused(503, "unavailable")


async def _serve(house: Runtime, admitted: Admitted, receive: Any, send: Any) -> None:
    connection = Connection(
        admitted.caller,
        connection_id=admitted.connection_id,
        connected_at=admitted.arrived.connected_at,
        send=send,
        inbound=house.inbound,
    )
    try:
        await send({"type": "websocket.accept", "subprotocol": admitted.subprotocol})
        arrived = admitted.arrived
        elsewhere = arrived.was_online and arrived.previous_process != house.process
        house.switchboard.connect(connection, elsewhere=elsewhere)
        if arrived.has_commands:
            connection.sender.wake()
        await _read(connection, receive)
    finally:
        house.switchboard.disconnect(connection)
        # Shielded: the server may cancel this task, and the database must still be told.
        await asyncio.shield(_leave(house, connection))


async def _read(connection: Connection, receive: Any) -> None:
    feed = connection.feed
    while True:
        message = await receive()
        text = message.get("text")
        if text is not None:
            feed(text)
        elif message["type"] == "websocket.disconnect":
            connection.left(message.get("code"), message.get("reason"))
            return
        else:
            connection.refuse_binary()


async def _leave(house: Runtime, connection: Connection) -> None:
    charger_pk = connection.caller.charger_pk
    try:
        await connection.disconnected()
        await house.departures.submit(charger_pk, connection.departure())
    except Exception:
        logger.exception("The end of %s's connection is not recorded", connection.caller.identity)
