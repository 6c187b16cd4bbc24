"""Replies by link: the reporter needs no account, and can write nothing but public comments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from cpo.access import Actor
from cpo.services import audit
from tickets.models import Ticket, TicketComment
from tickets.services.attaching import File
from tickets.services.authors import Author, author_of
from tickets.services.commenting import write_comment
from tickets.services.links import read_token, reply_token, reply_url
from tickets.services.moving import keep, locked
from tickets.states import TicketSide, TicketStatus, TicketVia
from unievp.lib import clock
from unievp.lib.errors import ConflictError, RefusedError

__all__ = ["read_token", "reply_by_link", "reply_token", "reply_url", "revoke_links"]

MOST_PER_HOUR: Final = 20
# Sent twice by an impatient finger or a program that prefetches.
SAME_WITHIN: Final = timedelta(minutes=10)


def reply_by_link(token: str, *, body: str, files: Sequence[File] = ()) -> TicketComment:
    """What the reporter writes on the page of the link; the same words at once are one reply.

    Raises what `read_token` and `write_comment` raise, ConflictError (`ticket_closed`) where it is
    closed, RefusedError (`too_many`) for more than can be read.
    """
    ticket = read_token(token)
    if ticket.status == TicketStatus.CLOSED:
        raise ConflictError(
            _("This report is closed. If it happens again, please report it anew."),
            code="ticket_closed",
        )
    with transaction.atomic():
        locked(ticket.pk)
        now = clock.now()
        mine = ticket.comments.filter(side=TicketSide.DRIVER)
        same = mine.filter(body=body.strip(), at__gt=now - SAME_WITHIN).first()
        if same is not None and not files:
            return same
        if mine.filter(at__gt=now - timedelta(hours=1)).count() >= MOST_PER_HOUR:
            raise RefusedError(
                _("You have written a lot in this hour. We read it all: please wait."),
                code="too_many",
            )
        return write_comment(ticket, body=body, author=reporter(ticket), files=files)


def revoke_links(ticket: Ticket, *, actor: Actor, via: TicketVia | str = TicketVia.ADMIN) -> Ticket:
    """Links that were mailed until now lead nowhere; the next mail has a new one."""
    author = author_of(actor, via)
    with transaction.atomic():
        row = locked(ticket.pk)
        now = clock.now()
        row.reply_links_since = now
        keep(row, now)
        audit.record(actor=author.audited, action="ticket.revoke_links", subject=row, cpo=row.cpo)
    return row


def reporter(ticket: Ticket) -> Author:
    """Who reported it and writes by link."""
    name = ticket.reporter_name or ticket.opened_label
    return Author(name[:150], TicketSide.DRIVER, TicketVia.MAIL, driver=ticket.driver)
