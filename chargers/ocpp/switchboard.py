"""The live connections of this process, and the messages of the channel layer to them.

One channel of the layer serves the whole process: it joins the group of each connected charger
(`charger.<pk>`), and one task reads it. Messages carry `charger_id`, since the layer delivers them
without the name of their group. Nothing that matters is sent this way alone: a lost nudge is found
by a sweep.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Any, Final

from channels.layers import get_channel_layer

from chargers.ocpp.connection import CLOSE_GOING_AWAY, CLOSE_NORMAL, Connection
from chargers.ocpp.quirks import load_quirks
from chargers.services.quirks.announcing import EVERY_PROCESS
from unievp.lib.db import in_db

logger = logging.getLogger(__name__)

_RETRY_S: Final = 1.0


def group_of(charger_pk: int) -> str:
    return f"charger.{charger_pk}"


class Switchboard:
    """Newest connection wins: `connect` closes the one it replaces, here and elsewhere."""

    def __init__(self) -> None:
        self.connections: dict[int, Connection] = {}
        self._joining: set[asyncio.Task[None]] = set()
        self._reader: asyncio.Task[None] | None = None
        self._channel: asyncio.Future[str] | None = None

    def connect(self, connection: Connection, *, elsewhere: bool) -> None:
        """`elsewhere`: another process may hold an older connection of this charger."""
        charger_pk = connection.caller.charger_pk
        older = self.connections.get(charger_pk)
        if older is not None and older.connected_at > connection.connected_at:
            connection.close(CLOSE_NORMAL, "replaced by a newer connection")
            return
        self.connections[charger_pk] = connection
        if older is not None:
            older.close(CLOSE_NORMAL, "replaced by a newer connection")
        self._spawn(self._join(connection, tell_others=elsewhere, join=older is None))

    def disconnect(self, connection: Connection) -> None:
        charger_pk = connection.caller.charger_pk
        if self.connections.get(charger_pk) is connection:
            del self.connections[charger_pk]
            self._spawn(self._leave(charger_pk))

    async def aclose(self) -> None:
        for connection in list(self.connections.values()):
            connection.close(CLOSE_GOING_AWAY, "the server stops")
        tasks = [*self._joining, *([self._reader] if self._reader else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- the channel layer --------------------------------------------------------------------

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

    async def _join(self, connection: Connection, *, tell_others: bool, join: bool) -> None:
        group = group_of(connection.caller.charger_pk)
        try:
            layer = _layer()
            if join:
                await layer.group_add(group, await self._own_channel())
                # What was queued since the handshake looked, and before this, nudged nobody.
                connection.sender.wake()
            if tell_others:
                await layer.group_send(group, _opened(connection))
        except Exception:
            logger.exception("%s is out of reach of the channel layer", connection.caller.identity)

    async def _leave(self, charger_pk: int) -> None:
        try:
            channel = await self._own_channel()
            if charger_pk not in self.connections:
                await _layer().group_discard(group_of(charger_pk), channel)
        except Exception:
            logger.exception("The group of charger %s could not be left", charger_pk)

    async def _own_channel(self) -> str:
        """Made by the first connection; the others wait for it."""
        if self._channel is None:
            self._channel = asyncio.get_running_loop().create_future()
            try:
                channel = await _layer().new_channel("ocpp.")
                await _layer().group_add(EVERY_PROCESS, channel)
                self._channel.set_result(channel)
            except BaseException:
                self._channel.cancel()
                self._channel = None
                raise
            self._reader = asyncio.get_running_loop().create_task(self._read())
        return await self._channel

    async def _read(self) -> None:
        channel = await self._own_channel()
        while True:
            try:
                self.deliver(await _layer().receive(channel))
            except asyncio.CancelledError:
                raise
            except Exception:
                logger.exception("A message of the channel layer was lost")
                await asyncio.sleep(_RETRY_S)

    def deliver(self, message: dict[str, Any]) -> None:
        """A message without `charger_id` is for every charger here."""
        if message["type"] == "quirks.changed":
            self._spawn(self._retune())
            return
        charger_pk = message.get("charger_id")
        if charger_pk is None:
            meant = list(self.connections.values())
        else:
            meant = [self.connections[charger_pk]] if charger_pk in self.connections else []
        for connection in meant:
            self._deliver(connection, message)

    async def _retune(self) -> None:
        """Somebody edited the quirks: they hold from each charger's next frame on."""
        try:
            rules, own = await in_db(load_quirks, list(self.connections))
        except Exception:
            logger.exception("Changed quirks hold from each charger's next connection on")
            return
        for charger_pk, connection in self.connections.items():
            connection.caller.character.rules = rules
            connection.caller.character.own = own.get(charger_pk)
            connection.caller.take_quirks()

    def _deliver(self, connection: Connection, message: dict[str, Any]) -> None:
        match message["type"]:
            case "commands.waiting":
                connection.sender.wake()
            case "connection.opened":
                newer = datetime.fromisoformat(message["connected_at"])
                if newer > connection.connected_at:
                    connection.close(CLOSE_NORMAL, "replaced by a newer connection")
            case "charger.accepted":
                # It may speak at once; that it is accepted it hears at its next boot.
                connection.caller.registration = "Accepted"
                connection.sender.wake()
            case "charger.changed":
                # Registration, retirement, credentials: the charger knocks again.
                connection.close(CLOSE_NORMAL, "its settings changed")


def _opened(connection: Connection) -> dict[str, Any]:
    return {
        "type": "connection.opened",
        "charger_id": connection.caller.charger_pk,
        "connected_at": connection.connected_at.isoformat(),
    }


def _layer() -> Any:
    layer = get_channel_layer()
    if layer is None:
        message = "No channel layer is configured"
        raise RuntimeError(message)
    return layer
