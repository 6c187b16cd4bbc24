"""When tickets have to be answered and resolved: business time, and waiting does not count."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from tickets.business_hours import BusinessHours
from tickets.events import TicketMoved
from tickets.models import Holiday, ServiceLevel, Ticket
from tickets.states import DONE
from unievp.lib import clock
from unievp.lib.events import publish

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 500


def level_for(cpo_id: UUID | None, priority: str) -> ServiceLevel | None:
    """The company's own, else everybody's; None where nothing was promised."""
    rows = ServiceLevel.objects.filter(Q(cpo=cpo_id) | Q(cpo=None), priority=priority)
    return rows.order_by(F("cpo").asc(nulls_last=True)).first()


def set_due(ticket: Ticket) -> None:
    """When it is due, by its priority and by the time that it waited; saves nothing."""
    ticket.due_first_answer_at = ticket.due_resolution_at = None
    level = level_for(ticket.cpo_id, ticket.priority)
    hours = _hours(level)
    if level is None or hours is None:
        return
    waited = timedelta(seconds=ticket.waited_s)
    answer, resolve = (
        timedelta(minutes=level.answer_minutes),
        timedelta(minutes=level.resolve_minutes),
    )
    ticket.due_first_answer_at = _due(hours, ticket.clock_started_at, answer)
    ticket.due_resolution_at = _due(hours, ticket.clock_started_at, resolve + waited)


def start_waiting(ticket: Ticket, now: datetime) -> None:
    ticket.waiting_since = now


def stop_waiting(ticket: Ticket, now: datetime) -> None:
    """The business time since then does not count; saves nothing."""
    since, ticket.waiting_since = ticket.waiting_since, None
    hours = _hours(level_for(ticket.cpo_id, ticket.priority))
    if since is None or hours is None:
        return
    ticket.waited_s += int(hours.worked_between(since, now).total_seconds())
    set_due(ticket)


def start_again(ticket: Ticket, now: datetime) -> None:
    """Opened again, it has its whole time from now on; saves nothing."""
    ticket.clock_started_at, ticket.waited_s = now, 0
    ticket.answer_late_at = ticket.resolution_late_at = None
    set_due(ticket)


def find_late_tickets() -> int:
    """Mark those whose time is over, each clock once, and tell of them; how many."""
    now = clock.now()
    open_ones = Ticket.objects.exclude(status__in=DONE)
    unanswered = open_ones.filter(
        due_first_answer_at__lt=now, first_answered_at=None, answer_late_at=None
    )
    # While it waits, the clock stands still: what was not late then is not late now.
    unresolved = open_ones.filter(
        Q(waiting_since=None) | Q(due_resolution_at__lt=F("waiting_since")),
        due_resolution_at__lt=now,
        resolution_late_at=None,
    )
    found = 0
    for rows, field in ((unanswered, "answer_late_at"), (unresolved, "resolution_late_at")):
        for pk in list(rows.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]):
            with transaction.atomic():
                marked = rows.filter(pk=pk).update(**{field: now})
                if marked:
                    publish(TicketMoved(pk))
            found += marked
    return found


def _hours(level: ServiceLevel | None) -> BusinessHours | None:
    if level is None:
        return None
    days: list[date] = list(Holiday.objects.values_list("date", flat=True))
    try:
        return level.hours(days)
    except (ValueError, KeyError):
        # Only rows that were written past the admin are so.
        logger.exception("Service level %s has no usable hours", level.pk)
        return None


def _due(hours: BusinessHours, start: datetime, working: timedelta) -> datetime | None:
    try:
        return hours.due_at(start, working)
    except ValueError:
        logger.exception("No business hours are left for a ticket")
        return None
