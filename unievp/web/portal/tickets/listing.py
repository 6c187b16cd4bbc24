"""The tickets of a company: the list with its tabs and filters, and the count in the menu."""

from __future__ import annotations

from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cpo.access import Right
from cpo.models import User
from tickets.models import TicketCategory, TicketPriority, TicketStatus
from tickets.selectors.tickets import Counts, counts_for
from unievp.lib.admin import CappedPaginator
from unievp.web.portal.company import Desk, desk_of, portal_page
from unievp.web.portal.tickets.clocks import clocks_of
from unievp.web.selectors.tickets import Show, TicketFilter, found_tickets

_PER_PAGE: Final = 25
_LONGEST_ID: Final = 18
# htmx stops asking.
_STOP_POLLING: Final = 286
_TABS: Final[tuple[tuple[Show, Promise], ...]] = (
    (Show.OPEN, _("To do")),
    (Show.OVERDUE, _("Overdue")),
    (Show.MINE, _("Mine")),
    (Show.UNASSIGNED, _("With nobody")),
    (Show.ALL, _("All tickets")),
)


class Tab(NamedTuple):
    name: Promise
    link: str
    number: int | None
    chosen: bool
    alarm: bool


@require_GET
@portal_page
def ticket_list(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The page, or only the list for a filter that changed (htmx)."""
    wanted = _filter(request, desk)
    rows = found_tickets(desk.user, wanted)
    page = CappedPaginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    clocks = clocks_of(page)
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "tickets",
        "may_open": bool(desk.cpos_with(Right.OPERATE)),
        "wanted": wanted,
        "page": page,
        "rows": [(ticket, clocks.get(ticket.pk)) for ticket in page],
        "tabs": _tabs(request, wanted, counts_for(desk.user, desk.cpo)),
        "filtered": wanted.narrows,
        "query": query.urlencode(),
        "statuses": TicketStatus.choices,
        "priorities": TicketPriority.choices,
        "categories": TicketCategory.choices,
    }
    part = request.headers.get("HX-Target", "").endswith("#tickets")
    return render(request, f"portal/tickets/{'rows' if part else 'list'}.html", context)


@never_cache
@require_GET
def open_count(request: HttpRequest) -> HttpResponse:
    """How many wait to be done, for the menu of an open page; a session that ended asks no more."""
    if not isinstance(request.user, User):
        return HttpResponse(status=_STOP_POLLING)
    desk = desk_of(request.user, request.GET.get("cpo", ""))
    counts = counts_for(desk.user, desk.cpo)
    return render(request, "portal/tickets/count.html", {"counts": counts})


def _tabs(request: HttpRequest, wanted: TicketFilter, counts: Counts) -> list[Tab]:
    kept = {name: request.GET[name] for name in ("cpo", "charger") if request.GET.get(name)}
    return [
        Tab(
            name,
            f"{reverse('portal:tickets')}?{urlencode(kept | {'show': show})}",
            getattr(counts, show, None),
            show is wanted.show,
            show is Show.OVERDUE and counts.overdue > 0,
        )
        for show, name in _TABS
    ]


def _filter(request: HttpRequest, desk: Desk) -> TicketFilter:
    """What is not understood asks for anything."""
    given = request.GET
    charger = given.get("charger", "")
    return TicketFilter(
        cpo_id=desk.cpo_id,
        show=Show(given["show"]) if given.get("show") in set(Show) else Show.OPEN,
        status=_known(given.get("status"), TicketStatus.values),
        priority=_known(given.get("priority"), TicketPriority.values),
        category=_known(given.get("category"), TicketCategory.values),
        text=given.get("q", "").replace("\x00", "").strip()[:100],
        charger_pk=int(charger)
        if charger.isascii() and charger.isdecimal() and len(charger) <= _LONGEST_ID
        else None,
    )


def _known(value: str | None, values: list[str]) -> str:
    return value if value is not None and value in values else ""
