"""One ticket: what was said, what it is about, and what may be done about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tickets.downloads import send_file
from tickets.models import (
    ChangedField,
    Ticket,
    TicketAttachment,
    TicketCategory,
    TicketChange,
    TicketComment,
    TicketPriority,
    TicketSide,
    TicketStatus,
    TicketVia,
)
from tickets.selectors.comments import attachments_for, comments_for
from tickets.selectors.people import assignable
from tickets.services.texts import LONGEST_TEXT
from tickets.states import TICKET
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.tickets.clocks import clocks_of
from unievp.web.portal.tickets.common import find_ticket, may_write
from unievp.web.templatetags.tickets import person
from unievp.web.timezones import OFFICE_ZONE

_CHANGES: Final = 50


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody sent that was refused: shown again, with why at its field ("" of the whole)."""

    body: str = ""
    is_internal: bool = False
    status: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """`kind`: whose it is, and "internal" for what drivers never see."""

    kind: str
    who: str
    at: datetime
    body: str
    files: list[TicketAttachment]
    pk: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    who: str
    text: str
    reason: str


@never_cache
@require_GET
@portal_page
def ticket_page(request: HttpRequest, desk: Desk, number: str) -> HttpResponse:
    return show_ticket(request, desk, find_ticket(desk, number))


@never_cache
@require_GET
@portal_page
def thread(request: HttpRequest, desk: Desk, number: str) -> HttpResponse:
    """What may have changed, for a page that stays open; 204 where it has it all (`?v=`)."""
    ticket = find_ticket(desk, number)
    if request.GET.get("v") == str(ticket.version):
        return HttpResponse(status=204)
    context = _context(desk, ticket) | {"swapped": True}
    return render(request, "portal/tickets/part.html", context)


@never_cache
@require_GET
@portal_page
def download(_request: HttpRequest, desk: Desk, number: str, pk: UUID) -> HttpResponseBase:
    ticket = find_ticket(desk, number)
    file = attachments_for(ticket, desk.user).filter(pk=pk).first()
    if file is None:
        raise Http404
    return send_file(file)


def show_ticket(
    request: HttpRequest, desk: Desk, ticket: Ticket, written: Written | None = None
) -> HttpResponse:
    """The page; with what was refused, and then 422."""
    context = _context(desk, ticket) | {"nav": "tickets", "written": written or Written()}
    status = 422 if written else 200
    return render(request, "portal/tickets/page.html", context, status=status)


def _context(desk: Desk, ticket: Ticket) -> dict[str, Any]:
    writes = may_write(desk, ticket)
    watchers = list(ticket.watchers.order_by("username"))
    return {
        "desk": desk,
        "ticket": ticket,
        "zone": ticket.charger.location.time_zone if ticket.charger else OFFICE_ZONE.key,
        "opened": _opened(ticket),
        "thread": [_said(ticket, comment) for comment in comments_for(ticket, desk.user)],
        "clock": clocks_of([ticket]).get(ticket.pk),
        "reporter": _driver(ticket),
        "watchers": [person(each) for each in watchers],
        "is_watching": desk.user in watchers,
        "history": _history(ticket),
        "may_write": writes,
        **(_choices(desk, ticket) if writes else {}),
    }


def _choices(desk: Desk, ticket: Ticket) -> dict[str, Any]:
    allowed = [
        (value, text) for value, text in TicketStatus.choices if TICKET.allows(ticket.status, value)
    ]
    return {
        "next_statuses": allowed,
        "statuses": [(ticket.status, ticket.get_status_display()), *allowed],
        "priorities": TicketPriority.choices,
        "categories": TicketCategory.choices,
        "people": assignable(ticket, by_platform=desk.is_staff),
        "longest": LONGEST_TEXT,
        "reach": _reach(ticket),
    }


def _opened(ticket: Ticket) -> Said:
    by_driver = ticket.opened_via == TicketVia.DRIVER
    who = "UNIEV" if ticket.opened_via == TicketVia.RULE else ticket.opened_label
    return Said(
        kind="driver" if by_driver else "first",
        who=_driver(ticket) if by_driver else who,
        at=ticket.opened_at,
        body=ticket.details,
        files=list(ticket.attachments.filter(comment=None)),
    )


def _said(ticket: Ticket, comment: TicketComment) -> Said:
    is_driver = comment.side == TicketSide.DRIVER
    return Said(
        kind="internal" if comment.internal else comment.side,
        who=_driver(ticket) if is_driver else comment.author_label,
        at=comment.at,
        body=comment.body,
        files=list(comment.attachments.all()),
        pk=comment.pk,
    )


def _driver(ticket: Ticket) -> str:
    """Their name; empty where they gave none."""
    return ticket.driver.name if ticket.driver else ticket.reporter_name


def _history(ticket: Ticket) -> list[Step]:
    """The latest first."""
    rows = ticket.changes.order_by("-pk")[:_CHANGES]
    return [
        Step(row.at, row.who, _change(row), _(row.reason) if row.reason else "") for row in rows
    ]


def _change(row: TicketChange) -> str:
    what = ChangedField(row.field).label
    nobody = _("nobody") if row.field == ChangedField.ASSIGNEE else "-"
    return f"{what}: {row.old_words or nobody} → {row.new_words or nobody}"


def _reach(ticket: Ticket) -> str:
    """Who reads an answer."""
    if ticket.reporter_email:
        return _("An answer is mailed to %(email)s. An internal note is not.") % {
            "email": ticket.reporter_email
        }
    if ticket.opened_via == TicketVia.DRIVER:
        return _("The driver left no e-mail address: they read answers on the page of their link.")
    return _("An answer is read by everybody who sees this ticket, a note by your side alone.")
