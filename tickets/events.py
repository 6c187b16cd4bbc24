"""What happened to tickets, told on commit to whoever subscribed (`unievp/subscriptions.py`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TicketMoved:
    """It was opened, changed or commented on, or is late."""

    ticket_id: int


@dataclass(frozen=True, slots=True)
class TicketMailWanted:
    """A mail to a reporter waits to be sent."""

    mail_id: int
