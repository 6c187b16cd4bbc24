"""What the pages of tickets share: finding one, who may write on it, and the files of a form."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest

from cpo.access import Right
from tickets.models import Ticket, pk_of_number
from tickets.selectors.tickets import tickets_for
from tickets.services.attaching import File
from unievp.lib.documents import MOST_BYTES
from unievp.web.portal.company import Desk

FILE_FIELD: Final = "file"
MOST_FILES: Final = 5


def find_ticket(desk: Desk, number: str) -> Ticket:
    """Raises Http404 for another's, and for what is no number."""
    pk = pk_of_number(number)
    rows = tickets_for(desk.user).select_related("session", "payment", "driver")
    ticket = rows.filter(pk=pk).first() if pk is not None else None
    if ticket is None:
        raise Http404
    return ticket


def may_write(desk: Desk, ticket: Ticket) -> bool:
    """A ticket without a company is the platform's, and staff alone see it."""
    return desk.is_staff or ticket.cpo in desk.cpos_with(Right.OPERATE)


def files_of(request: HttpRequest) -> tuple[File, ...]:
    """What was chosen; each read no further than what is refused anyway."""
    chosen = request.FILES.getlist(FILE_FIELD)[:MOST_FILES]
    return tuple(
        File(each.name or "", each.read(MOST_BYTES + 1), field=FILE_FIELD) for each in chosen
    )
