"""Tickets as lists and home pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, F, Q, QuerySet

from cpo.access import Actor, visible
from cpo.models import CPO, User
from tickets.models import Ticket, pk_of_number
from tickets.states import DONE
from unievp.lib import clock

NOT_DONE: Final = ~Q(status__in=DONE)
_PARTS: Final = ("cpo", "charger__location", "connector", "assignee")


def tickets_for(actor: Actor) -> QuerySet[Ticket]:
    """Those that `actor` may see, newest first, with what a row shows."""
    return visible(actor, Ticket.objects.select_related(*_PARTS))


def is_overdue(now: datetime) -> Q:
    """Open, and one of its clocks has run out; a clock that stands still does not run out."""
    unanswered = Q(first_answered_at=None, due_first_answer_at__lt=now)
    running = Q(waiting_since=None) | Q(due_resolution_at__lt=F("waiting_since"))
    return NOT_DONE & (unanswered | (running & Q(due_resolution_at__lt=now)))


def searched(rows: QuerySet[Ticket], text: str) -> QuerySet[Ticket]:
    """By number, words, charger, or who reported it."""
    wanted = text.strip().replace("\0", "")
    if not wanted:
        return rows
    found = Q(subject__icontains=wanted) | Q(description__icontains=wanted)
    found |= Q(charger__identity__icontains=wanted) | Q(charger__name__icontains=wanted)
    found |= Q(reporter_name__icontains=wanted) | Q(reporter_email__icontains=wanted)
    pk = pk_of_number(wanted)
    if pk is not None:
        found |= Q(pk=pk)
    return rows.filter(found)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of tickets that are not done."""

    open: int
    mine: int
    unassigned: int
    overdue: int
    urgent: int


def counts_for(actor: Actor, cpo: CPO | None = None) -> Counts:
    """For home pages and tabs, by one query; `cpo`: of this company alone."""
    rows = visible(actor, Ticket.objects.filter(NOT_DONE))
    if cpo is not None:
        rows = rows.filter(cpo=cpo)
    me = actor.pk if isinstance(actor, User) else None
    return Counts(
        **rows.order_by().aggregate(
            open=Count("pk"),
            mine=Count("pk", filter=Q(assignee=me) if me else Q(pk__in=[])),
            unassigned=Count("pk", filter=Q(assignee=None)),
            overdue=Count("pk", filter=is_overdue(clock.now())),
            urgent=Count("pk", filter=Q(priority="urgent")),
        )
    )
