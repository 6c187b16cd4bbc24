"""What people do with a ticket: answer, note, change, follow."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cpo.models import User
from tickets.models import Ticket, TicketComment, TicketVia
from tickets.selectors.people import assignable
from tickets.services.changing import Change, change_ticket, unwatch, watch
from tickets.services.commenting import add_comment
from unievp.lib.errors import DomainError, InvalidError
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.numbers import whole_number
from unievp.web.portal.posting import do_and_return
from unievp.web.portal.tickets.common import FILE_FIELD, files_of, find_ticket, may_write
from unievp.web.portal.tickets.page import Written, show_ticket

_VIEW: Final = "portal:ticket"
_INTERNAL: Final = "internal"
_FIELDS: Final = ("body", "status", FILE_FIELD)


@require_POST
@portal_page
def comment(request: HttpRequest, desk: Desk, number: str) -> HttpResponse:
    """An answer or a note, with files, and a status after it: all of it or nothing."""
    ticket = _writable(desk, number)
    written = Written(
        body=request.POST.get("body", ""),
        is_internal=request.POST.get("visibility") == _INTERNAL,
        status=request.POST.get("status", ""),
    )
    try:
        made = _write(request, desk, ticket, written)
    except DomainError as refusal:
        at = refusal.field if refusal.field in _FIELDS else ""
        written.errors[at or "form"] = str(refusal)
        return show_ticket(request, desk, ticket, written)
    return redirect(f"{reverse(_VIEW, args=(ticket.number,))}#comment-{made.pk}")


@require_POST
@portal_page
def change(request: HttpRequest, desk: Desk, number: str) -> HttpResponse:
    """`take`: it is mine now; else what differs from what the form showed (`was_…`)."""
    ticket = _writable(desk, number)

    def act() -> None:
        taken = "take" in request.POST
        wanted = Change(assignee=desk.user) if taken else _change(request, desk, ticket)
        change_ticket(ticket, wanted, actor=desk.user, via=TicketVia.PORTAL)

    return do_and_return(request, act, _("Saved."), _VIEW, ticket.number)


@require_POST
@portal_page
def follow(request: HttpRequest, desk: Desk, number: str) -> HttpResponse:
    """One's own affair: who may read a ticket may follow it."""
    ticket = find_ticket(desk, number)

    def act() -> str:
        if request.POST.get("watch") == "0":
            unwatch(ticket, desk.user)
            return _("You are not told of it any more.")
        watch(ticket, desk.user)
        return _("You are told of what is said and done.")

    return do_and_return(request, act, "", _VIEW, ticket.number)


def _write(request: HttpRequest, desk: Desk, ticket: Ticket, written: Written) -> TicketComment:
    with transaction.atomic():
        made = add_comment(
            ticket,
            body=written.body,
            actor=desk.user,
            via=TicketVia.PORTAL,
            internal=written.is_internal,
            files=files_of(request),
        )
        if written.status:
            change_ticket(ticket, Change(status=written.status), actor=desk.user)
    return made


def _writable(desk: Desk, number: str) -> Ticket:
    ticket = find_ticket(desk, number)
    if not may_write(desk, ticket):
        raise PermissionDenied
    return ticket


def _change(request: HttpRequest, desk: Desk, ticket: Ticket) -> Change:
    values: dict[str, Any] = {
        name: request.POST[name]
        for name in ("status", "priority", "category")
        if _differs(request, name)
    }
    if _differs(request, "assignee"):
        values["assignee"] = _person(desk, ticket, request.POST["assignee"])
    return Change(**values)


def _differs(request: HttpRequest, name: str) -> bool:
    """What others changed while the form was open is left alone."""
    return name in request.POST and request.POST[name] != request.POST.get(f"was_{name}")


def _person(desk: Desk, ticket: Ticket, text: str) -> User | None:
    if not text:
        return None
    pk = whole_number(text, field="assignee")
    found = assignable(ticket, by_platform=desk.is_staff).filter(pk=pk).first()
    if found is None:
        raise InvalidError(_("This person cannot deal with this ticket."), field="assignee")
    return found
