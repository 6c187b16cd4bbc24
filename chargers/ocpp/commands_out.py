"""Commands to one charger: one CALL at a time, with a deadline (architecture §4).

The row is the queue. `wake` looks at it; a task exists only while there is something to send.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from chargers.ocpp import routes
from chargers.ocpp.exchange import Exchange, record_loss, record_outcome, record_timeout
from chargers.ocpp.messages import Caller
from chargers.ocpp.protocol import HISTORY, Answer, Failure, Peer
from chargers.ocpp.shapes import in_wire_order
from chargers.services import commands, outcomes
from chargers.services.payloads import payload_to_send
from unievp.lib import clock
from unievp.lib.db import in_db

if TYPE_CHECKING:
    from chargers.models import Command

logger = logging.getLogger(__name__)


class CommandSender:
    """Claims the charger's queued commands one by one, as long as its connection lives."""

    __slots__ = ("_again", "_caller", "_connection_id", "_late", "_open", "_peer", "_send", "_task")

    def __init__(
        self,
        caller: Caller,
        connection_id: UUID,
        peer: Peer,
        send: Callable[[str], Awaitable[None]],
    ) -> None:
        self._caller = caller
        self._connection_id = connection_id
        self._peer = peer
        self._send = send
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._open: tuple[str, asyncio.Future[Answer | Failure]] | None = None
        self._late: OrderedDict[str, Exchange] | None = None

    def wake(self) -> None:
        """There may be something to send."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        else:
            self._again = True

    def answered(self, answer: Answer | Failure) -> None:
        """The charger answered: in time, or late."""
        if self._open is not None and self._open[0] == answer.message_id:
            if not self._open[1].done():
                self._open[1].set_result(answer)
            return
        exchange = self._late.pop(answer.message_id, None) if self._late else None
        if exchange is not None:
            _keep(asyncio.get_running_loop().create_task(self._finish(exchange, answer)))

    async def aclose(self) -> None:
        """The socket is gone; returns when the open command says so."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while True:
                self._again = False
                command = await in_db(
                    commands.claim_next, self._caller.charger_pk, self._connection_id
                )
                if command is not None:
                    await self._exchange(command)
                elif not self._again:
                    return
        except Exception:
            logger.exception("Sending commands to %s failed", self._caller.identity)

    async def _exchange(self, command: Command) -> None:
        route = routes.OUTWARD.get(command.action)
        if route is not None and not route.is_open_to(self._caller.registration):
            reason = f"Not sent: registration is {self._caller.registration}"
            await in_db(outcomes.mark_failed, command.pk, error=reason)
            return
        message_id = command.message_id or command.pk.hex
        payload = in_wire_order(command.action, payload_to_send(command))
        text = self._peer.call(message_id, command.action, payload)
        exchange = Exchange(self._caller.charger_pk, command, message_id, text, clock.now())
        answer: asyncio.Future[Answer | Failure] = asyncio.get_running_loop().create_future()
        self._open = (message_id, answer)
        try:
            await self._send(text)
            async with asyncio.timeout(settings.COMMAND_TIMEOUT_S):
                outcome = await answer
        except TimeoutError:
            self._give_up(exchange)
            await in_db(record_timeout, exchange)
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled():
                await asyncio.shield(self._finish(exchange, answer.result()))
            else:
                await asyncio.shield(in_db(record_loss, exchange))
            raise
        except OSError:
            await in_db(record_loss, exchange)
        else:
            await self._finish(exchange, outcome)
        finally:
            self._open = None

    def _give_up(self, exchange: Exchange) -> None:
        self._peer.give_up(exchange.message_id)
        self._late = self._late or OrderedDict()
        self._late[exchange.message_id] = exchange
        if len(self._late) > HISTORY:
            self._late.popitem(last=False)

    async def _finish(self, exchange: Exchange, outcome: Answer | Failure) -> None:
        """Also when the line goes just now: a charger that restarts answers, and is gone."""
        storing = asyncio.ensure_future(in_db(record_outcome, exchange, outcome))
        try:
            await asyncio.shield(storing)
        except asyncio.CancelledError:
            await asyncio.wait([storing])
            raise
        except Exception:
            logger.exception("The answer of %s could not be stored", self._caller.identity)


_finishing: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    _finishing.add(task)
    task.add_done_callback(_finishing.discard)
