"""One charger's live connection: frames in, answers out, in the order of the frames.

Everything here runs in the event loop and awaits nothing that a frame does not need. A CALL is
planned at once and submitted to the group commit, which keeps the order of one charger's items;
its answer is sent by the callback of its commit. So no task is created for a message, and an
answer to a command of ours resolves its future while CALLs still wait for the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from chargers.models import EndedBy
from chargers.ocpp import gate, routes
from chargers.ocpp.commands_out import CommandSender
from chargers.ocpp.eager import run_eagerly
from chargers.ocpp.frames import clean_text
from chargers.ocpp.messages import Caller, Plan
from chargers.ocpp.protocol import (
    Action,
    Answer,
    Call,
    Close,
    ErrorCode,
    Failure,
    Ignore,
    Peer,
    Refuse,
    Replay,
)
from chargers.store.connections import Departure
from chargers.store.work import Inbound
from unievp.lib import clock
from unievp.lib.group_commit import GroupCommit

logger = logging.getLogger(__name__)

# A charger has one CALL open at a time; one that floods is cut off and starts again.
MAX_OPEN_CALLS: Final = 64
CLOSE_NORMAL: Final = 1000
CLOSE_GOING_AWAY: Final = 1001
CLOSE_UNSUPPORTED: Final = 1003
CLOSE_POLICY: Final = 1008
CLOSE_TRY_AGAIN: Final = 1013

# RFC 6455 §7.4: 1006 is a loss without a goodbye; uvicorn says 1005 for it, which is also a goodbye
# without a code. 1009 is sent by us for a frame without end, 1012 at a restart.
CLOSE_NO_STATUS: Final = 1005
CLOSE_ABNORMAL: Final = 1006
_WHO: Final = {
    CLOSE_ABNORMAL: EndedBy.NETWORK,
    1009: EndedBy.PLATFORM,
    1012: EndedBy.RESTART,
}

Send = Callable[[Any], Awaitable[None]]


class Connection:
    """`feed` takes frames; `close` may be called by anyone, more than once."""

    __slots__ = (
        "_asking",
        "_farewell",
        "_heard_at",
        "_held",
        "_inbound",
        "_open_calls",
        "_peer",
        "_send",
        "caller",
        "closed",
        "connected_at",
        "connection_id",
        "sender",
    )

    def __init__(
        self,
        caller: Caller,
        *,
        connection_id: UUID,
        connected_at: datetime,
        send: Send,
        inbound: GroupCommit[Inbound, str],
    ) -> None:
        self.caller = caller
        self.connection_id = connection_id
        self.connected_at = connected_at
        self.closed = False
        self._send = send
        self._inbound = inbound
        self._heard_at = connected_at
        self._farewell: tuple[EndedBy, int | None, str] = (EndedBy.NETWORK, None, "")
        self._open_calls = 0
        # CALLs behind a question to somebody outside, each with a question of its own or none.
        self._asking: asyncio.Task[None] | None = None
        self._held: deque[tuple[Coroutine[Any, Any, None] | None, Callable[[], None]]] = deque()
        self._peer = Peer()
        self.sender = CommandSender(caller, connection_id, self._peer, self._send_text)

    # --- frames -------------------------------------------------------------------------------

    def feed(self, text: str) -> None:
        """One frame; the only exception boundary it needs."""
        received_at = self._heard_at = clock.now()
        try:
            for action in self._peer.feed(text):
                self._act(action, text, received_at)
        except Exception:
            logger.exception("A frame of %s failed", self.caller.identity)

    def refuse_binary(self) -> None:
        """OCPP-J is text (§4.1.1)."""
        self.close(CLOSE_UNSUPPORTED, "OCPP-J is text")

    def _act(self, action: Action, text: str, received_at: datetime) -> None:
        match action:
            case Call():
                self._call(action, text, received_at)
            case Answer() | Failure():
                self.sender.answered(action)
            case Refuse():
                self._answer_now(action.text)
                self._log(text, received_at, action.text, action.code, action.message_id)
            case Replay():
                self._answer_now(action.text)
            case Ignore():
                if action.unusable:
                    self._log(text, received_at, "", "malformed")
                logger.debug("%s: %s", self.caller.identity, action.reason)
            case Close():
                self.close(CLOSE_POLICY, action.reason)

    def _call(self, call: Call, text: str, received_at: datetime) -> None:
        if self._open_calls >= MAX_OPEN_CALLS:
            self.close(CLOSE_TRY_AGAIN, "too many open calls")
            return
        try:
            planned = routes.plan_call(self.caller, call, text, received_at)
        except Exception:
            logger.exception("%s of %s failed", call.action, self.caller.identity)
            planned = routes.Refusal(ErrorCode.INTERNAL_ERROR, "")
        if isinstance(planned, routes.Refusal):
            answer = self._peer.failed(call.message_id, planned.code, planned.description)
            self._answer_now(answer)
            self._log(text, received_at, answer, planned.code, call.message_id, call.action)
            return
        inbound, plan = planned
        self._open_calls += 1
        question = gate.question_of(self.caller.charger_pk, inbound.work)
        if question is None and self._asking is None:
            self._submit(call, plan, inbound)
            return
        self._held.append((question, partial(self._submit, call, plan, inbound)))
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        """Ask who issued a tag, then go on in the order of the frames; this charger alone waits."""
        while self._held:
            question, submit = self._held.popleft()
            if question is not None:
                try:
                    await question
                except Exception:
                    logger.exception("%s: nobody could be asked about a tag", self.caller.identity)
            submit()
        self._asking = None

    def _submit(self, call: Call, plan: Plan, inbound: Inbound) -> None:
        reply = self._inbound.submit(self.caller.charger_pk, inbound)
        reply.add_done_callback(partial(self._committed, call, plan))

    def _committed(self, call: Call, plan: Plan, reply: asyncio.Future[str]) -> None:
        """The CALL is stored, or it is not: answer it."""
        self._open_calls -= 1
        if reply.cancelled():
            return
        error = reply.exception()
        if error is None:
            text = self._peer.answered(call.message_id, reply.result())
            if plan.stored is not None:
                plan.stored(plan.result)
        else:
            logger.error(
                "%s of %s could not be stored", call.action, self.caller.identity, exc_info=error
            )
            text = self._peer.failed(call.message_id, ErrorCode.INTERNAL_ERROR)
        delay_s = self._delay_of(call)
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._answer_now, text)
        else:
            self._answer_now(text)

    def _delay_of(self, call: Call) -> float:
        """Seconds: some chargers drop the connection if their start is answered at once."""
        if call.action != "StartTransaction":
            return 0
        return self.caller.quirks.start_answer_delay_ms / 1000

    def _log(  # the parts of a frame row
        self,
        text: str,
        received_at: datetime,
        answer: str,
        outcome: str,
        message_id: str = "",
        action: str = "",
    ) -> None:
        if self._open_calls >= MAX_OPEN_CALLS:
            return
        self._open_calls += 1
        inbound = routes.log_only(
            self.caller,
            received_at,
            text,
            answer=answer,
            outcome=outcome,
            message_id=message_id,
            action=action,
        )
        self._inbound.submit(self.caller.charger_pk, inbound).add_done_callback(self._logged)

    def _logged(self, reply: asyncio.Future[str]) -> None:
        self._open_calls -= 1
        if not reply.cancelled() and (error := reply.exception()) is not None:
            logger.error("A frame could not be logged", exc_info=error)

    # --- out ----------------------------------------------------------------------------------

    async def _send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    def _answer_now(self, text: str) -> None:
        if not self.closed:
            run_eagerly(self._send({"type": "websocket.send", "text": text}))

    def close(self, code: int, reason: str) -> None:
        """Ask the server to close the socket; its disconnect event ends the consumer."""
        if self.closed:
            return
        self.closed = True
        self._farewell = (EndedBy.PLATFORM, code, reason)
        logger.info("Closing the connection of %s: %s", self.caller.identity, reason)
        run_eagerly(self._send({"type": "websocket.close", "code": code, "reason": reason}))

    def left(self, code: int | None, reason: str | None) -> None:
        """The socket is gone, and it was not us who closed it. Without a `reason` it was lost."""
        if not self.closed:
            code = CLOSE_ABNORMAL if reason is None and code == CLOSE_NO_STATUS else code
            self._farewell = (_WHO.get(code or CLOSE_ABNORMAL, EndedBy.CHARGER), code, reason or "")

    def departure(self) -> Departure:
        ended_by, code, reason = self._farewell
        idle = clock.now() - self._heard_at
        return Departure(
            charger_pk=self.caller.charger_pk,
            connection_id=self.connection_id,
            ended_by=ended_by.value,
            close_code=code,
            reason=clean_text(reason),
            idle_s=max(0, round(idle.total_seconds())),
        )

    async def disconnected(self) -> None:
        """The socket is gone: an open command ends in a clear state."""
        self.closed = True
        await self.sender.aclose()
