"""The page behind the link of a report: what was said in public, and a reply to it.

The signed link is the only key: whoever has it speaks for who reported.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tickets.downloads import send_file
from tickets.models import Ticket, TicketComment, TicketSide, TicketStatus
from tickets.selectors.comments import attachments_for, author_for_reporter, comments_for
from tickets.services.attaching import File
from tickets.services.replying import read_token, reply_by_link
from unievp.lib.documents import MOST_BYTES
from unievp.lib.errors import DomainError, NotFoundError, RefusedError
from unievp.web.pay.pages import driver_page, not_found, say

_LONGEST: Final = 2_000
_GONE: Final = 410


@require_http_methods(["GET", "HEAD", "POST"])
@driver_page
def reply_page(request: HttpRequest, token: str) -> HttpResponseBase:
    try:
        ticket = read_token(token)
    except (NotFoundError, RefusedError) as refusal:
        return _no_way_in(request, refusal)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            reply_by_link(token, body=request.POST.get("body", ""), files=_files(request))
        except DomainError as refusal:
            errors[refusal.field if refusal.field in ("body", "file") else "form"] = str(refusal)
        else:
            messages.success(request, _("Your reply is with us."), extra_tags="good")
            return redirect("ticket_reply", token)
    return _show(request, ticket, token, errors)


@require_safe
@driver_page
def reply_file(request: HttpRequest, token: str, pk: UUID) -> HttpResponseBase:
    try:
        ticket = read_token(token)
    except (NotFoundError, RefusedError) as refusal:
        return _no_way_in(request, refusal)
    file = attachments_for(ticket, None).filter(pk=pk).first()
    if file is None:
        return not_found(request, _("This file is not here"), _("Open it from its report again."))
    return send_file(file)


def _show(request: HttpRequest, ticket: Ticket, token: str, errors: dict[str, str]) -> HttpResponse:
    context: dict[str, Any] = {
        "ticket": ticket,
        "token": token,
        "charger": ticket.charger,
        "connector": ticket.connector,
        "zone": ticket.charger.location.time_zone if ticket.charger else "Asia/Jakarta",
        "files": ticket.attachments.filter(comment=None),
        "thread": [(_who(ticket, comment), comment) for comment in comments_for(ticket, None)],
        "is_closed": ticket.status == TicketStatus.CLOSED,
        "errors": errors,
        "body": request.POST.get("body", "")[:_LONGEST],
        "longest": _LONGEST,
    }
    status = 422 if errors else 200
    return render(request, "pay/tickets/reply.html", context, status=status)


def _who(ticket: Ticket, comment: TicketComment) -> str:
    """Nobody's name for the reader's own words."""
    return "" if comment.side == TicketSide.DRIVER else author_for_reporter(ticket, comment)


def _files(request: HttpRequest) -> list[File]:
    file = request.FILES.get("file")
    if file is None:
        return []
    return [File(file.name or "", file.read(MOST_BYTES + 1))]


def _no_way_in(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    if isinstance(refusal, NotFoundError):
        return not_found(request, _("This report is not known"), str(refusal))
    return say(request, _GONE, _("This link is too old"), str(refusal))
