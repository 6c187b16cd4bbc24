"""Virtual chargers in the portal: start one, plug cars in, break it, watch it like a real one."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cpo.access import Right, visible
from unievp.web.models import OrderAction, SimulatorRun
from unievp.web.portal.company import Desk, company_with, portal_page
from unievp.web.portal.numbers import whole_number
from unievp.web.portal.posting import do_and_return
from unievp.web.simulation.services import CONNECTORS, give_order, start_run, stop_run
from unievp.web.simulation.words import SCENARIO_WORDS

_SHOWN: Final = 20
_MOST_PK: Final = 2**63 - 1
_VIEW: Final = "portal:simulator"


@require_GET
@portal_page
def simulator(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The page; only its list for a page that looks again (htmx)."""
    rows = visible(desk.user, SimulatorRun.objects.select_related("charger", "charger__cpo"))
    if desk.cpo_id:
        rows = rows.filter(charger__cpo=desk.cpo_id)
    runs = list(rows[:_SHOWN])
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "simulator",
        "runs": [(run, SCENARIO_WORDS.get(run.scenario, run.scenario)) for run in runs],
        "is_open": any(run.ended_at is None for run in runs),
        "may_operate": bool(desk.cpos_with(Right.OPERATE)),
        "companies": desk.cpos_with(Right.OPERATE),
        "scenarios": SCENARIO_WORDS.items(),
        "actions": OrderAction.choices,
        "connectors": range(1, CONNECTORS + 1),
    }
    part = request.headers.get("HX-Target", "").endswith("#runs")
    template = "portal/simulator/runs.html" if part else "portal/simulator/page.html"
    return render(request, template, context)


@require_POST
@portal_page
def start(request: HttpRequest, desk: Desk) -> HttpResponse:
    if not desk.cpos_with(Right.OPERATE):
        raise PermissionDenied
    company = company_with(desk, Right.OPERATE, request.POST.get("cpo", ""))
    asked = request.POST

    def act() -> None:
        start_run(
            company,
            actor=desk.user,
            scenario=asked.get("scenario", ""),
            minutes=whole_number(asked.get("minutes", ""), field="minutes"),
            speed=whole_number(asked.get("speed", "1"), field="speed"),
        )

    return do_and_return(request, act, _("It connects in a moment."), _VIEW)


@require_POST
@portal_page
def steer(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """`do`: stop, or an action at `connector`."""
    rows = visible(desk.user, SimulatorRun.objects.select_related("charger", "charger__cpo"))
    run = rows.filter(pk=pk).first() if pk <= _MOST_PK else None
    if run is None:
        raise Http404
    if run.charger.cpo not in desk.cpos_with(Right.OPERATE):
        raise PermissionDenied
    action = request.POST.get("do", "")

    def act() -> None:
        if action == "stop":
            stop_run(run, actor=desk.user)
            return
        number = whole_number(request.POST.get("connector", "1"), field="connector")
        give_order(run, action=action, connector=number, actor=desk.user)

    return do_and_return(request, act, _("Done in a second."), _VIEW)
