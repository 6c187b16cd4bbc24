from __future__ import annotations

from typing import ClassVar

from simulator.behaviour import Behaviour
from simulator.outbox import Message, Outbox


class _Forgetful(Outbox):
    def add(self, message: Message) -> None:
        if message.action != "StopTransaction":
            super().add(message)


class LostStops(Behaviour):
    """StopTransaction never comes: its end must be found from the status and the meter."""

    name: ClassVar[str] = "lost_stops"

    def outbox(self) -> Outbox:
        return _Forgetful()
