"""Tickets as the portal lists them: the tab, the filters, what is due next first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Least

from cpo.models import User
from tickets.models import Ticket
from tickets.selectors.tickets import NOT_DONE, is_overdue, searched, tickets_for
from tickets.states import DONE
from unievp.lib import clock


class Show(StrEnum):
    """The tabs above the list."""

    OPEN = "open"
    OVERDUE = "overdue"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    ALL = "all"


_NEXT_DUE = Case(
    When(first_answered_at=None, then=Least("due_first_answer_at", "due_resolution_at")),
    default=F("due_resolution_at"),
)


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What a person looks for; "" and None: anything."""

    cpo_id: UUID | None = None
    show: Show = Show.OPEN
    status: str = ""
    priority: str = ""
    category: str = ""
    text: str = ""
    charger_pk: int | None = None

    @property
    def narrows(self) -> bool:
        """Whether it leaves out what the first tab alone would show."""
        chosen = self.status or self.priority or self.category or self.text or self.charger_pk
        return bool(chosen) or self.show not in (Show.OPEN, Show.ALL)


def found_tickets(actor: User, wanted: TicketFilter) -> QuerySet[Ticket]:
    """What is not done by what is due next, else the newest first."""
    rows = tickets_for(actor)
    if wanted.cpo_id is not None:
        rows = rows.filter(cpo_id=wanted.cpo_id)
    for field in ("status", "priority", "category"):
        if value := getattr(wanted, field):
            rows = rows.filter(**{field: value})
    if wanted.charger_pk is not None:
        rows = rows.filter(charger_id=wanted.charger_pk)
    rows = searched(rows, wanted.text)
    # Who asks for a status by its name means that one, done or not.
    if wanted.show is Show.ALL or wanted.status in DONE:
        return rows.order_by("-pk")
    return to_do(rows, actor, wanted.show)


def to_do(rows: QuerySet[Ticket], actor: User, show: Show = Show.OPEN) -> QuerySet[Ticket]:
    """Of `rows` what waits to be done, the most urgent first."""
    shown = {
        Show.OVERDUE: is_overdue(clock.now()),
        Show.MINE: NOT_DONE & Q(assignee=actor),
        Show.UNASSIGNED: NOT_DONE & Q(assignee=None),
    }.get(show, NOT_DONE)
    return rows.filter(shown).order_by(_NEXT_DUE.asc(nulls_last=True), "-pk")
