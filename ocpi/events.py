"""What happened in roaming, told on commit to whoever subscribed (`unievp/subscriptions.py`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartnerRegistered:
    """A partner connected, or renewed its credentials: what it missed is to be sent and fetched."""

    partner_id: int


@dataclass(frozen=True, slots=True)
class PartnerDisconnected:
    partner_id: int


@dataclass(frozen=True, slots=True)
class PushesDue:
    """Something that these partners know has changed."""

    partner_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ResultDecided:
    """The result of a partner's command is known and not told yet."""

    request_id: int


@dataclass(frozen=True, slots=True)
class SentCommandQueued:
    """A command of ours waits to be sent to a partner."""

    command_id: str


@dataclass(frozen=True, slots=True)
class CdrReceived:
    """A CDR of our driver waits to be checked and booked."""

    cdr_id: int


@dataclass(frozen=True, slots=True)
class CdrDiffers:
    """Our own sum is another one than the operator's, or none can be made, or it is not booked."""

    cdr_id: int


@dataclass(frozen=True, slots=True)
class CdrMissing:
    """A session elsewhere was over long ago, and no CDR came."""

    session_id: int
