"""“Explain this session”, and its export."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from chargers.models import ChargingSession
from chargers.selectors import history
from cpo.access import is_platform_staff
from unievp.web.explain import Story, explain
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.downloads import json_lines
from unievp.web.portal.wire import local_query
from unievp.web.replay.export import session_lines


@require_GET
@portal_page
def explain_session(request: HttpRequest, desk: Desk, transaction_id: int) -> HttpResponse:
    session = _session(desk, transaction_id)
    story = Story.of(session, for_platform=is_platform_staff(desk.user))
    context = {
        "desk": desk,
        "nav": "sessions",
        "session": session,
        "zone": story.zone,
        "sections": explain(story),
        "wire_query": local_query(session.charger, story.frames.since, story.frames.until),
    }
    return render(request, "portal/explain/page.html", context)


@require_GET
@portal_page
def explain_export(_request: HttpRequest, desk: Desk, transaction_id: int) -> HttpResponseBase:
    session = _session(desk, transaction_id)
    return json_lines(session_lines(session), name=f"session-{session.transaction_id}")


def _session(desk: Desk, transaction_id: int) -> ChargingSession:
    session = history.find_session(desk.user, transaction_id)
    if session is None:
        raise Http404
    return session
