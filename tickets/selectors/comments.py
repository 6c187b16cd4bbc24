"""What was said and handed in, as far as a reader may know of it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from cpo.access import Actor, is_platform_staff
from cpo.models import Driver
from tickets.models import Ticket, TicketAttachment, TicketComment
from tickets.states import TicketSide


def readable(reader: Actor | None, prefix: str = "") -> Q:
    """The comments that `reader` may read (of tickets that they may see); `prefix` leads to them.

    Staff read all. A company reads what is public and its own side's notes, drivers and who
    follows a link (None) what is public.
    """
    public = Q(**{f"{prefix}internal": False})
    if reader is None or isinstance(reader, Driver):
        return public
    if is_platform_staff(reader):
        # (An empty Q would vanish beside an "or".)
        return Q(**{f"{prefix}pk__isnull": False})
    return public | Q(**{f"{prefix}side": TicketSide.COMPANY})


def author_for_reporter(ticket: Ticket, said: TicketComment | TicketAttachment) -> str:
    """Who it is from, as drivers and who follows a link may know: the names of a company's people
    are its own, so they read the company's name, or the platform's.
    """
    if said.side == TicketSide.DRIVER:
        return said.author_label
    return ticket.cpo.name if said.side == TicketSide.COMPANY and ticket.cpo else "UNIEV"


def comments_for(ticket: Ticket, reader: Actor | None) -> QuerySet[TicketComment]:
    """In the order in which they were written; `reader` None: who follows a link."""
    rows = ticket.comments.filter(readable(reader)).select_related("author")
    return rows.prefetch_related("attachments")


def attachments_for(ticket: Ticket, reader: Actor | None) -> QuerySet[TicketAttachment]:
    """Those of the ticket itself, and of comments that `reader` may read."""
    return ticket.attachments.filter(Q(comment=None) | readable(reader, "comment__"))
