"""People change tickets: status, priority, category, who deals with it, who follows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from cpo.access import Actor
from cpo.models import User
from cpo.services import audit
from tickets.models import Ticket
from tickets.selectors.people import assignable
from tickets.services.authors import Author, author_of
from tickets.services.clocks import set_due
from tickets.services.moving import keep, locked, move, note
from tickets.states import (
    ChangedField,
    TicketCategory,
    TicketPriority,
    TicketSide,
    TicketStatus,
    TicketVia,
)
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError


class Keep(Enum):
    """Not to be changed (None is nobody)."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be different; what stays as it is makes no line of the history."""

    status: str | None = None
    priority: str | None = None
    category: str | None = None
    assignee: User | Keep | None = KEEP
    reason: str = ""


def change_ticket(
    ticket: Ticket,
    change: Change,
    *,
    actor: Actor,
    via: TicketVia | str = TicketVia.PORTAL,
    if_version: int | None = None,
) -> Ticket:
    """Raises ConflictError where it was changed meanwhile (`changed_meanwhile`) or the flow does
    not allow it (`transition_not_allowed`), InvalidError for a value that is none.
    """
    author = author_of(actor, via)
    _check_values(change)
    with transaction.atomic():
        row = locked(ticket.pk)
        if if_version is not None and row.version != if_version:
            raise ConflictError(
                _("It has been changed meanwhile: read it again, then change it."),
                code="changed_meanwhile",
            )
        before = _shown(row)
        now = clock.now()
        _change_choices(row, change, author, now)
        if not isinstance(change.assignee, Keep):
            _assign(row, change.assignee, author, now)
        if change.status is not None and change.status != row.status:
            move(row, change.status, author=author, now=now, reason=change.reason[:300])
        if before == _shown(row):
            return row
        keep(row, now)
        audit.record(
            actor=author.audited,
            action="ticket.change",
            subject=row,
            before=before,
            after=_shown(row),
            cpo=row.cpo,
            reason=change.reason,
        )
    return row


def watch(ticket: Ticket, person: User) -> None:
    """They are told of what is said and done. Again: nothing."""
    ticket.watchers.add(person)


def unwatch(ticket: Ticket, person: User) -> None:
    ticket.watchers.remove(person)


def _check_values(change: Change) -> None:
    known: tuple[tuple[str, list[str]], ...] = (
        ("status", TicketStatus.values),
        ("priority", TicketPriority.values),
        ("category", TicketCategory.values),
    )
    for field, names in known:
        if getattr(change, field) not in (None, *names):
            text = _("One of: %(known)s.") % {"known": ", ".join(names)}
            raise InvalidError(text, field=field)


def _change_choices(ticket: Ticket, change: Change, author: Author, now: datetime) -> None:
    if change.category is not None and change.category != ticket.category:
        old, ticket.category = ticket.category, change.category
        note(ticket, ChangedField.CATEGORY, old, change.category, author=author, now=now)
    if change.priority is not None and change.priority != ticket.priority:
        old, ticket.priority = ticket.priority, change.priority
        note(ticket, ChangedField.PRIORITY, old, change.priority, author=author, now=now)
        ticket.answer_late_at = ticket.resolution_late_at = None
        set_due(ticket)


def _assign(ticket: Ticket, person: User | None, author: Author, now: datetime) -> None:
    if person == ticket.assignee:
        return
    if person is not None:
        by_platform = author.side == TicketSide.PLATFORM
        if not assignable(ticket, by_platform=by_platform).filter(pk=person.pk).exists():
            raise InvalidError(_("This person cannot deal with this ticket."), field="assignee")
    old = ticket.assignee
    ticket.assignee = person
    names = [each.get_username() if each else "" for each in (old, person)]
    note(ticket, ChangedField.ASSIGNEE, names[0], names[1], author=author, now=now)


def _shown(ticket: Ticket) -> dict[str, Any]:
    person = ticket.assignee
    return {
        "status": ticket.status,
        "priority": ticket.priority,
        "category": ticket.category,
        "assignee": person.get_username() if person else "",
    }
