"""A charger's way to the central system: connect, register, send what is owed, come back."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from typing import TYPE_CHECKING

from websockets.asyncio.client import ClientConnection

from simulator import commands, transactions
from simulator.dialling import dial
from simulator.link import AnswerTimeoutError, DisconnectedError, Link
from simulator.outbox import TRANSACTION_ACTIONS, Message
from simulator.wire import Call, CallError

if TYPE_CHECKING:
    from simulator.charger import Charger

logger = logging.getLogger("simulator")

BOOT_RETRY_S = 10
SHORT_CONNECTION_S = 2.0


class Uplink:
    def __init__(self, charger: Charger) -> None:
        self._charger = charger
        self._stats = charger.around.stats
        self._pause = 0.0
        self._retry_boot_s = BOOT_RETRY_S
        self.online = asyncio.Event()

    async def run(self) -> None:
        """Connect and come back for ever; ends by cancellation only."""
        attempt = 0
        while True:
            pause, self._pause = self._pause, 0.0
            if pause or attempt:
                delay = self._charger.behaviour.reconnect_delay(max(1, attempt))
                await asyncio.sleep(pause or delay)
            socket = await dial(self._charger.identity, self._stats)
            if socket is None:
                attempt += 1
                continue
            began = time.monotonic()
            await self._serve(socket)
            # A server that lets in and throws out at once is backed off from, too.
            short = time.monotonic() - began < SHORT_CONNECTION_S
            attempt = attempt + 1 if short else 1

    async def leave(self, seconds: float, *, cut: bool) -> None:
        """Away for so many real seconds: with a close frame, or cut as by a lost network."""
        self._pause = max(seconds, 0.05)
        link = self._charger.link
        if link is None:
            return
        if cut:
            link.abort()
        else:
            await link.close()

    async def boot(self) -> bool:
        """Send BootNotification; True when accepted."""
        charger = self._charger
        answer = await charger.call("BootNotification", charger.boot_payload())
        charger.clock.set(answer.get("currentTime"))
        interval = int(answer.get("interval") or 0)
        status = str(answer.get("status"))
        charger.registered = status == "Accepted"
        self._stats.events[f"boot_{status.lower()}"] += 1
        if charger.registered and interval > 0:
            charger.configuration.values["HeartbeatInterval"] = str(interval)
        self._retry_boot_s = interval or BOOT_RETRY_S
        return charger.registered

    # --- One connection ---------------------------------------------------------------------

    async def _serve(self, socket: ClientConnection) -> None:
        charger = self._charger
        link = Link(socket, charger.id, self._respond, self._stats, charger.around.journal)
        charger.link = link
        self._stats.connected += 1
        if charger.behaviour.boots_on_reconnect:
            charger.registered = False
        online = charger.begin(self._stay_online(link))
        try:
            await link.run()
        finally:
            self._stats.connected -= 1
            self.online.clear()
            charger.link = None
            online.cancel()

    async def _stay_online(self, link: Link) -> None:
        """Register, then send what is owed and a heartbeat when nothing was said for long."""
        if not self._charger.registered:
            await self._register()
        else:
            self._charger.outbox.forget_statuses(keep_last=True)
        self.online.set()
        while True:
            message = self._charger.outbox.next()
            if message is None:
                await self._idle()
            else:
                await self._deliver(link, message)

    async def _register(self) -> None:
        while True:
            try:
                if await self.boot():
                    break
            except (CallError, AnswerTimeoutError):
                self._retry_boot_s = BOOT_RETRY_S
            await asyncio.sleep(self._retry_boot_s)
        logger.info("%s registered", self._charger.id)
        self._charger.report_all()

    async def _idle(self) -> None:
        """Wait for something to send; at the end of the heartbeat interval send a heartbeat."""
        charger = self._charger
        interval = charger.around.heartbeat_s or charger.configuration.number("HeartbeatInterval")
        filled = charger.outbox.filled
        filled.clear()
        try:
            async with asyncio.timeout(interval or None):
                await filled.wait()
        except TimeoutError:
            await self._heartbeat()

    async def _heartbeat(self) -> None:
        try:
            answer = await self._charger.call("Heartbeat", {})
        except AnswerTimeoutError:
            return
        except CallError as refusal:
            await self._register_anew(refusal)
        else:
            self._charger.clock.set(answer.get("currentTime"))

    async def _deliver(self, link: Link, message: Message) -> None:
        """Send one owed message; what fails is sent again, as the configuration says."""
        charger = self._charger
        charger.last_message = message.action
        message_id = str(uuid.uuid4())
        try:
            answer = await link.call(
                message.action,
                message.wire_payload(),
                message_id=message_id,
                within=charger.around.answer_within_s,
            )
        except CallError as refusal:
            logger.info("%s: %s answered with %s", charger.id, message.action, refusal)
            await self._register_anew(refusal)
            await self._failed(message)
        except AnswerTimeoutError:
            await self._failed(message)
        else:
            charger.outbox.done(message)
            transactions.learn(charger, message, answer)
            await charger.behaviour.delivered(charger, link, message, message_id, answer)

    async def _failed(self, message: Message) -> None:
        configuration = self._charger.configuration
        message.attempts += 1
        attempts = configuration.number("TransactionMessageAttempts")
        if message.action not in TRANSACTION_ACTIONS or message.attempts >= attempts:
            self._charger.outbox.done(message)
            self._stats.events["messages_given_up"] += 1
            if message.action == "StartTransaction" and message.transaction is not None:
                message.transaction.lost = True
            return
        interval = configuration.number("TransactionMessageRetryInterval")
        await asyncio.sleep(interval * message.attempts)

    async def _register_anew(self, refusal: CallError) -> None:
        """SecurityError: the central system does not count this charger as registered (JE 3.8)."""
        if refusal.code == "SecurityError":
            self._charger.registered = False
            self.online.clear()
            await self._register()
            self.online.set()

    # --- Calls in ---------------------------------------------------------------------------

    async def _respond(self, link: Link, call: Call) -> None:
        # In a task of its own: the reader must go on while this answer waits or is slow.
        self._charger.spawn(self._reply(link, call))

    async def _reply(self, link: Link, call: Call) -> None:
        charger = self._charger
        charger.last_message = f"← {call.action}"
        delay = charger.behaviour.answer_delay(call.action)
        if delay:
            await asyncio.sleep(delay)
        outcome, after = commands.answer(charger, call)
        try:
            await link.reply(call, outcome)
        except DisconnectedError:
            self._stats.events["answers_lost"] += 1
        if after is not None:
            await after()
