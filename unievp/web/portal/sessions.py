"""Charging sessions: the list, and one session with its curve."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from chargers.models import ChargingSession
from chargers.selectors import history
from chargers.selectors.quotes import costs_of
from payments.models import Bill
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.tickets.about import tickets_of_session

PER_PAGE = 25


@require_GET
@portal_page
def session_list(request: HttpRequest, desk: Desk) -> HttpResponse:
    state = request.GET.get("state", "")
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    rows = history.sessions(desk.user, cpo_id=desk.cpo_id, state=state, text=text)
    number = _page_number(request)
    # One more than is shown tells whether there is a next page.
    start = (number - 1) * PER_PAGE
    found = list(rows[start : start + PER_PAGE + 1])
    shown = found[:PER_PAGE]
    costs = costs_of(shown)
    query = request.GET.copy()
    query.pop("page", None)
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "sessions",
        "sessions": [(session, costs.get(session.pk, session.cost)) for session in shown],
        "number": number,
        "has_next": len(found) > PER_PAGE,
        "state": state,
        "text": text,
        "query": query.urlencode(),
    }
    part = request.headers.get("HX-Target", "").endswith("#sessions")
    template = "portal/session_rows.html" if part else "portal/sessions.html"
    return render(request, template, context)


@require_GET
@portal_page
def session_detail(request: HttpRequest, desk: Desk, transaction_id: int) -> HttpResponse:
    session = history.find_session(desk.user, transaction_id)
    if session is None:
        raise Http404
    context = {
        "desk": desk,
        "nav": "sessions",
        "session": session,
        "cost": costs_of([session]).get(session.pk, session.cost),
        "zone": session.charger.location.time_zone,
        "curve": _chart(session),
        "changes": history.status_changes(session),
        "bill": Bill.objects.filter(session=session).prefetch_related("lines").first(),
        **tickets_of_session(desk, session),
    }
    return render(request, "portal/session.html", context)


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def _chart(session: ChargingSession) -> dict[str, Any]:
    """Data for `session.js`: labels in the location's time, power in kW, state of charge in %.

    Decimals go as text: JSON numbers are floats, and Chart.js reads text as well.
    """
    zone = ZoneInfo(session.charger.location.time_zone)
    points = history.curve(session)
    has_soc = any(point.soc_percent is not None for point in points)
    return {
        "labels": [f"{point.at.astimezone(zone):%H:%M}" for point in points],
        "power": [
            None if point.power_w is None else str(Decimal(point.power_w) / 1000)
            for point in points
        ],
        "soc": [point.soc_percent for point in points] if has_soc else [],
        "names": {"power": _("Power (kW)"), "soc": _("State of charge (%)")},
    }
