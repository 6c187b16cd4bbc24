"""Requests and answers in neutral words that the store does not need to know.

What is stored is in `chargers.store.work`. v16 decodes to and encodes from both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chargers.ocpp.character import Character
from chargers.ocpp.quirks import PLAIN, Make, Quirks
from chargers.ocpp.times import TimeRule
from chargers.store.work import IdTagInfo, Work


class UnusableError(ValueError):
    """A field has a value that nothing can be made of; `args[0]` names the field."""


@dataclass(slots=True)
class Caller:
    """The charger at the other end of a connection, as loaded when it connected."""

    charger_pk: int
    cpo_id: Any
    identity: str
    registration: str  # Accepted / Pending / Rejected
    time_rule: TimeRule = field(default_factory=TimeRule)
    quirks: Quirks = PLAIN
    character: Character = field(default_factory=Character)

    def become(self, make: Make) -> None:
        """A boot named the make: its quirks hold from the next frame on."""
        if make != self.character.make:
            self.character.make = make
            self.take_quirks()

    def take_quirks(self) -> None:
        self.quirks = self.character.quirks()
        self.time_rule = self.character.time_rule(self.quirks)


@dataclass(slots=True)
class Plan:
    """What a handler decided: what to store, and how its result becomes the answer.

    `answer` runs inside the database transaction, maybe more than once, and must only compute;
    `stored` runs after the commit.
    """

    work: Work
    answer: Callable[[Any], Answer]
    stored: Callable[[Any], None] | None = None
    result: Any = None


@dataclass(frozen=True, slots=True)
class DataTransfer:
    vendor_id: str
    message_id: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class BootAnswer:
    at: datetime
    registration: str
    interval_s: int


@dataclass(frozen=True, slots=True)
class HeartbeatAnswer:
    at: datetime


@dataclass(frozen=True, slots=True)
class AuthorizeAnswer:
    id_tag_info: IdTagInfo


@dataclass(frozen=True, slots=True)
class StartAnswer:
    transaction_id: int
    id_tag_info: IdTagInfo


@dataclass(frozen=True, slots=True)
class StopAnswer:
    id_tag_info: IdTagInfo | None


@dataclass(frozen=True, slots=True)
class DataTransferAnswer:
    status: str
    data: str | None = None


@dataclass(frozen=True, slots=True)
class SignCertificateAnswer:
    status: str


@dataclass(frozen=True, slots=True)
class Empty:
    """`{}`: StatusNotification, MeterValues and the notifications."""


Answer = (
    BootAnswer
    | HeartbeatAnswer
    | AuthorizeAnswer
    | StartAnswer
    | StopAnswer
    | DataTransferAnswer
    | SignCertificateAnswer
    | Empty
)
