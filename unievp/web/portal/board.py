"""The live charger board: the page, and the parts of it that are fetched when something changed."""

from __future__ import annotations

import json
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.views.decorators.http import require_GET

from chargers import live
from chargers.selectors import board as selectors
from cpo.access import Right
from unievp.web.portal.company import Desk, portal_page

PER_PAGE = 48
# One fetch carries the changes of about a second; more than this, and the whole board is quicker.
MOST_CHANGES = PER_PAGE


@require_GET
@portal_page
def board(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The page, or only the list of chargers for a filter that changed (htmx)."""
    wanted = filter_of(request, desk)
    # Versions before rows: a change in between is fetched once too often, never missed.
    versions = live.versions(cpo.pk for cpo in _watched(desk))
    chargers = selectors.board_chargers(desk.user, wanted)
    page = Paginator(chargers, PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "desk": desk,
        "may_add": bool(desk.cpos_with(Right.OPERATE)),
        "wanted": wanted,
        "page": page,
        "rows": selectors.with_parts(chargers[page.start_index() - 1 : page.end_index()])
        if page.paginator.count
        else [],
        "versions": json.dumps(versions),
        "filtered": bool(wanted.location_id or wanted.state or wanted.text),
        "query": _query(request),
    }
    if _wants_part(request):
        return render(request, "portal/board_list.html", context)
    context |= {
        "kpis": selectors.kpis(desk.user, desk.cpo_id),
        "locations": selectors.locations(desk.user, desk.cpo_id),
        "nav": "board",
    }
    return render(request, "portal/board.html", context)


@require_GET
@portal_page
def changes(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The KPIs, and the cards of `?charger=1&charger=2` that the visitor may see.

    `?cards=only` leaves the KPIs out, for a page that shows none.
    """
    try:
        wanted = {int(text) for text in request.GET.getlist("charger")}
    except ValueError:
        return HttpResponseBadRequest()
    chargers = selectors.in_service(desk.user, desk.cpo_id)
    only_cards = request.GET.get("cards") == "only"
    context = {
        "desk": desk,
        "kpis": None if only_cards else selectors.kpis(desk.user, desk.cpo_id),
        "rows": selectors.with_parts(
            chargers.filter(pk__in=sorted(wanted)[:MOST_CHANGES]).order_by("pk")
        ),
    }
    return render(request, "portal/board_changes.html", context)


def _watched(desk: Desk) -> list[Any]:
    return [desk.cpo] if desk.cpo else desk.cpos


def _wants_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Target", "").endswith("#chargers")


def filter_of(request: HttpRequest, desk: Desk) -> selectors.BoardFilter:
    """What the board's form asks for."""
    location = request.GET.get("location", "")
    return selectors.BoardFilter(
        cpo_id=desk.cpo_id,
        location_id=int(location) if location.isdecimal() and len(location) < 19 else None,
        state=request.GET.get("state", ""),
        text=request.GET.get("q", "").replace("\x00", "").strip()[:100],
    )


def _query(request: HttpRequest) -> str:
    """The filter for links to other pages of the list."""
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()
