"""The messages a charger owes the central system, in order, across connections and resets."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from simulator.connector import Transaction
from simulator.wire import Payload

TRANSACTION_ACTIONS = frozenset({"StartTransaction", "MeterValues", "StopTransaction"})
NO_ID = -1  # errata 3.18: what a charger names whose StartTransaction was never answered


@dataclass(eq=False)
class Message:
    """`transaction` is whose message this is; its id is filled in when the message is sent."""

    action: str
    payload: Payload
    connector: int
    transaction: Transaction | None = None
    attempts: int = 0

    def wire_payload(self) -> Payload:
        if self.transaction is None or self.action == "StartTransaction":
            return self.payload
        number = self.transaction.id
        return {**self.payload, "transactionId": NO_ID if number is None else number}


class Outbox:
    """First in, first out. A scenario may choose another order by `next`."""

    def __init__(self) -> None:
        self.queue: deque[Message] = deque()
        self.filled = asyncio.Event()
        self.empty = asyncio.Event()
        self.empty.set()

    def __len__(self) -> int:
        return len(self.queue)

    def add(self, message: Message) -> None:
        self.queue.append(message)
        self.filled.set()
        self.empty.clear()

    def next(self) -> Message | None:
        """The message to send now; it stays in the queue until `done`."""
        return self.queue[0] if self.queue else None

    def done(self, message: Message) -> None:
        self.queue.remove(message)
        if not self.queue:
            self.empty.set()

    def forget_statuses(self, *, keep_last: bool) -> None:
        """Statuses of an offline time: only each connector's last one still tells anything."""
        kept: deque[Message] = deque()
        told: set[int] = set()
        for message in reversed(self.queue):
            if message.action == "StatusNotification":
                if message.connector in told or not keep_last:
                    continue
                told.add(message.connector)
            kept.appendleft(message)
        self.queue = kept
        if not kept:
            self.empty.set()
