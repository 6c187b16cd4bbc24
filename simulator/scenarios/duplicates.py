from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, ClassVar

from simulator.behaviour import Behaviour
from simulator.link import AnswerTimeoutError, Link
from simulator.outbox import TRANSACTION_ACTIONS, Message
from simulator.wire import CallError, Payload

if TYPE_CHECKING:
    from simulator.charger import Charger


class Duplicates(Behaviour):
    """Start, Stop and MeterValues are sent again: with the same message id and with a new one."""

    name: ClassVar[str] = "duplicates"

    async def delivered(
        self, charger: Charger, link: Link, message: Message, message_id: str, answer: Payload
    ) -> None:
        if message.action not in TRANSACTION_ACTIONS:
            return
        events = charger.around.stats.events
        for again in (message_id, str(uuid.uuid4())):
            events["duplicates_sent"] += 1
            with contextlib.suppress(AnswerTimeoutError, CallError):
                repeated = await link.call(message.action, message.wire_payload(), message_id=again)
                if repeated == answer:
                    events["duplicates_answered_alike"] += 1
                    continue
            events["duplicates_answered_differently"] += 1
