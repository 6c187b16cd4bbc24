"""What was said, above a ticket's page; and what takes one click."""

from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cpo.models import User
from tickets.downloads import send_file
from tickets.models import Ticket, TicketAttachment, TicketStatus, TicketVia
from tickets.selectors.comments import comments_for
from tickets.services.changing import Change, change_ticket, unwatch, watch
from tickets.states import TICKET
from unievp.lib.errors import DomainError

QUICK: Final = "tickets_ticket_quick"
DOWNLOAD: Final = "tickets_ticket_file"
_PAGE: Final = "admin:tickets_ticket_change"
_STATUS: Final = {
    "start": TicketStatus.IN_PROGRESS,
    "resolve": TicketStatus.RESOLVED,
    "close": TicketStatus.CLOSED,
    "reopen": TicketStatus.REOPENED,
}


def conversation(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    person = cast("User", request.user)
    may_work = person.has_perm("tickets.change_ticket")
    return {
        "ticket": ticket,
        "said": comments_for(ticket, person),
        "own_files": ticket.attachments.filter(comment=None),
        "may_work": may_work,
        "may_take": may_work and not ticket.is_done and ticket.assignee_id != person.pk,
        "steps": [
            (name, text)
            for name, text in _steps()
            if may_work and TICKET.allows(ticket.status, _STATUS[name])
        ],
        "is_watching": ticket.watchers.filter(pk=person.pk).exists(),
    }


@require_POST
def quick(request: HttpRequest, pk: int) -> HttpResponse:
    """`do`: take, start, resolve, close, reopen, follow or unfollow."""
    person = cast("User", request.user)
    if not person.has_perm("tickets.change_ticket"):
        raise PermissionDenied
    ticket = Ticket.objects.filter(pk=pk).first()
    wanted = request.POST.get("do", "")
    if ticket is None:
        raise Http404
    try:
        _do(ticket, wanted, person)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Done."))
    return redirect(_PAGE, pk)


def download(request: HttpRequest, pk: int, file_pk: UUID) -> HttpResponseBase:
    if not request.user.has_perm("tickets.view_ticket"):
        raise PermissionDenied
    rows = TicketAttachment.objects.select_related("ticket")
    file = rows.filter(pk=file_pk, ticket=pk).first()
    if file is None:
        raise Http404
    return send_file(file)


def _do(ticket: Ticket, wanted: str, person: User) -> None:
    if wanted == "follow":
        watch(ticket, person)
    elif wanted == "unfollow":
        unwatch(ticket, person)
    elif wanted == "take":
        change_ticket(ticket, Change(assignee=person), actor=person, via=TicketVia.ADMIN)
    elif wanted in _STATUS:
        change = Change(status=_STATUS[wanted])
        change_ticket(ticket, change, actor=person, via=TicketVia.ADMIN)
    else:
        raise Http404


def _steps() -> list[tuple[str, str]]:
    return [
        ("start", _("Start to work on it")),
        ("resolve", _("Resolve")),
        ("close", _("Close")),
        ("reopen", _("Open it again")),
    ]
