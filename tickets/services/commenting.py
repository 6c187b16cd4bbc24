"""Something is said in a ticket; what a driver says moves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cpo.access import Actor
from cpo.services import audit
from tickets.models import Ticket, TicketComment, TicketMailKind
from tickets.services.attaching import File, attach, check_files
from tickets.services.authors import Author, audited_company, author_of
from tickets.services.mails import order_mail
from tickets.services.moving import keep, locked, move, note_answer
from tickets.services.texts import cleaned
from tickets.states import TicketSide, TicketStatus, TicketVia
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError

DRIVER_WROTE: Final = gettext_noop("The driver wrote")


def add_comment(
    ticket: Ticket,
    *,
    body: str,
    actor: Actor,
    via: TicketVia | str,
    internal: bool = False,
    files: Sequence[File] = (),
) -> TicketComment:
    """`internal`: for the own side, and the platform.

    Raises InvalidError for no words, too many, or a wrong file; ConflictError (`ticket_closed`)
    where it is closed.
    """
    author = author_of(actor, via)
    return write_comment(ticket, body=body, author=author, internal=internal, files=files)


def write_comment(
    ticket: Ticket,
    *,
    body: str,
    author: Author,
    internal: bool = False,
    files: Sequence[File] = (),
) -> TicketComment:
    """As `add_comment`, of an author who may be nobody's row."""
    text = cleaned(body, field="body")
    if internal and author.side == TicketSide.DRIVER:
        raise InvalidError(_("What drivers write is read by everybody."), field="internal")
    check_files(files)
    with transaction.atomic():
        row = locked(ticket.pk)
        if row.status == TicketStatus.CLOSED:
            raise ConflictError(
                _("This ticket is closed. Open a new one, or have it opened again."),
                code="ticket_closed",
            )
        now = clock.now()
        comment = TicketComment.objects.create(
            ticket=row,
            at=now,
            author=author.user,
            driver=author.driver,
            author_label=author.label,
            side=author.side,
            internal=internal,
            via=author.via,
            body=text,
        )
        for file in files:
            attach(row, file, author=author, comment=comment)
        _follow(row, comment, author, now)
        keep(row, now)
        audit.record(
            actor=author.audited,
            action="ticket.comment",
            subject=row,
            after={"comment": comment.pk, "internal": internal},
            cpo=audited_company(row, author, internal=internal),
        )
    return comment


def _follow(ticket: Ticket, comment: TicketComment, author: Author, now: datetime) -> None:
    """What comes of it."""
    if author.user is not None:
        ticket.watchers.add(author.user)
    if comment.internal:
        return
    if author.side == TicketSide.DRIVER:
        _driver_wrote(ticket, author, now)
        return
    note_answer(ticket, author, now)
    order_mail(ticket, TicketMailKind.ANSWERED, key=f"answered:{comment.pk}", comment=comment)


def _driver_wrote(ticket: Ticket, author: Author, now: datetime) -> None:
    """It waited for this; or it is not resolved after all."""
    next_status = {
        TicketStatus.WAITING: TicketStatus.IN_PROGRESS,
        TicketStatus.RESOLVED: TicketStatus.REOPENED,
    }.get(TicketStatus(ticket.status))
    if next_status is not None:
        move(ticket, next_status, author=author, now=now, reason=DRIVER_WROTE)
