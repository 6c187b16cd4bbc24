from __future__ import annotations

from random import Random
from typing import ClassVar

from simulator.behaviour import Behaviour
from simulator.outbox import Message, Outbox

HELD = 4


class ShuffledOutbox(Outbox):
    """Sends the Stop as soon as it is there, and older MeterValues late and in any order.

    A StartTransaction keeps its place before the messages of its own transaction, for those name
    its answer; statuses overtake everything.
    """

    def __init__(self, rng: Random) -> None:
        super().__init__()
        self._rng = rng

    def next(self) -> Message | None:
        ready = [each for each in self.queue if not _waits_for_start(each)]
        for action in ("StatusNotification", "StartTransaction", "StopTransaction"):
            for message in ready:
                if message.action == action:
                    return message
        stopped = [each for each in ready if each.transaction is None or each.transaction.stopped]
        if stopped:
            return self._rng.choice(stopped)
        return self._rng.choice(ready) if len(ready) >= HELD else None


class Reordering(Behaviour):
    """Stop before the last MeterValues, MeterValues in any order, statuses out of place."""

    name: ClassVar[str] = "reordering"

    def outbox(self) -> Outbox:
        return ShuffledOutbox(self.rng)


def _waits_for_start(message: Message) -> bool:
    if message.action == "StartTransaction" or message.transaction is None:
        return False
    return message.transaction.id is None and not message.transaction.lost
