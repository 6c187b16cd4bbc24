"""What every change of a ticket has in common: the lock, the history, the clocks, the news."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from tickets.events import TicketMoved
from tickets.models import Ticket, TicketChange, TicketMailKind
from tickets.services.authors import Author
from tickets.services.clocks import start_again, start_waiting, stop_waiting
from tickets.services.mails import order_mail
from tickets.states import DONE, TICKET, ChangedField, TicketSide, TicketStatus, TicketVia
from unievp.lib.errors import ConflictError
from unievp.lib.events import publish

_S = TicketStatus


def locked(ticket_id: int) -> Ticket:
    """The row as it stands now, until the end of the transaction."""
    rows = Ticket.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("cpo", "assignee").get(pk=ticket_id)


def move(
    ticket: Ticket, status: str, *, author: Author, now: datetime, reason: str = ""
) -> TicketChange:
    """Into another status, clocks included; `keep` it afterwards.

    Raises ConflictError (`transition_not_allowed`) where the flow does not allow it.
    """
    if not TICKET.allows(ticket.status, status):
        raise ConflictError(
            _("A ticket that is “%(old)s” cannot become “%(new)s”.")
            % {"old": ticket.get_status_display(), "new": _S(status).label},
            field="status",
            code="transition_not_allowed",
        )
    old, ticket.status = ticket.status, status
    if old == _S.WAITING:
        stop_waiting(ticket, now)
    _note_times(ticket, now, author)
    change = note(ticket, ChangedField.STATUS, old, status, author=author, now=now, reason=reason)
    if status in DONE and old not in DONE:
        order_mail(ticket, TicketMailKind.RESOLVED, key=f"resolved:{change.pk}")
    return change


def note(
    ticket: Ticket,
    field: ChangedField,
    old: str,
    new: str,
    *,
    author: Author,
    now: datetime,
    reason: str = "",
) -> TicketChange:
    """A line of its history."""
    return TicketChange.objects.create(
        ticket=ticket,
        at=now,
        field=field,
        old=old,
        new=new,
        actor=author.user,
        actor_label=author.label,
        side=author.side,
        reason=reason,
    )


def keep(ticket: Ticket, now: datetime) -> None:
    """Save a changed row; whoever listens is told on commit."""
    ticket.version += 1
    ticket.updated_at = now
    ticket.save()
    publish(TicketMoved(ticket.pk))


def note_answer(ticket: Ticket, author: Author, now: datetime) -> None:
    """The first time that somebody else than who opened it has dealt with it."""
    is_nobody = author.side == TicketSide.DRIVER or author.via == TicketVia.RULE
    user_id = author.user.pk if author.user else None
    opened_it = (user_id, author.label) == (ticket.opened_by_id, ticket.opened_label)
    if ticket.first_answered_at is None and not is_nobody and not opened_it:
        ticket.first_answered_at = now


def _note_times(ticket: Ticket, now: datetime, author: Author) -> None:
    if ticket.status == _S.WAITING:
        start_waiting(ticket, now)
    elif ticket.status in DONE:
        ticket.resolved_at = ticket.resolved_at or now
        ticket.closed_at = now if ticket.status == _S.CLOSED else None
        note_answer(ticket, author, now)
    elif ticket.status == _S.REOPENED:
        ticket.resolved_at = ticket.closed_at = ticket.cause_ended_at = None
        start_again(ticket, now)
