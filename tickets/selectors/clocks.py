"""What is left of a ticket's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tickets.models import Ticket


class ClockKind(StrEnum):
    ANSWER = "answer"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True)
class Clock:
    """The one that runs out first. `late`: it has; `stands`: the ticket waits."""

    kind: ClockKind
    due_at: datetime
    late: bool
    stands: bool


def clock_of(ticket: Ticket, now: datetime) -> Clock | None:
    """None where it is done, or nothing was promised."""
    if ticket.is_done:
        return None
    answer_due = ticket.due_first_answer_at if ticket.first_answered_at is None else None
    clocks = []
    if answer_due is not None:
        clocks.append(Clock(ClockKind.ANSWER, answer_due, late=answer_due < now, stands=False))
    if ticket.due_resolution_at is not None:
        stopped_at = ticket.waiting_since or now
        late = ticket.due_resolution_at < stopped_at
        stands = ticket.waiting_since is not None and not late
        due = ticket.due_resolution_at
        clocks.append(Clock(ClockKind.RESOLUTION, due, late=late, stands=stands))
    return min(clocks, key=lambda each: (not each.late, each.stands, each.due_at), default=None)
