"""One charger: what it does now, what was asked of it, its sessions and its configuration."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from chargers import live
from chargers.models import Charger, Command, CommandStatus
from chargers.selectors import history
from chargers.selectors.availability import Uptime, availability
from chargers.selectors.board import BoardCharger
from chargers.selectors.drift import configuration_of
from chargers.selectors.quotes import costs_of
from cpo.access import visible
from unievp.lib import clock
from unievp.web.portal.chargers.common import charger_row, may_operate
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.tickets.about import tickets_of_charger

_COMMANDS: Final = 8
_SESSIONS: Final = 8
_UPTIME_OVER: Final = timedelta(days=30)
_OPEN: Final = (CommandStatus.QUEUED, CommandStatus.SENT)


@require_GET
@portal_page
def charger_page(request: HttpRequest, desk: Desk, charger_pk: int) -> HttpResponse:
    """The page; only its live part for a page that missed a change (htmx)."""
    row = charger_row(desk, charger_pk)
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "board",
        "row": row,
        "charger": row.charger,
        # Versions before rows: a change in between is fetched once too often, never missed.
        "versions": json.dumps(live.versions([row.charger.cpo_id])),
    }
    if request.headers.get("HX-Target", "").endswith("#chargers"):
        return render(request, "portal/charger/live.html", context)
    configuration = configuration_of(row.charger)
    context |= {
        "may_operate": may_operate(desk, row.charger),
        "numbers": [part.connector.number for part in row.connectors],
        "running": [part.session for part in row.connectors if part.session],
        "sessions": _sessions(desk, row.charger),
        "configuration": configuration,
        "drifting": [line for line in configuration if line.can_be_applied],
        **latest_commands(desk, row),
        **tickets_of_charger(desk, row.charger),
    }
    return render(request, "portal/charger/page.html", context)


@require_GET
@portal_page
def commands(request: HttpRequest, desk: Desk, charger_pk: int) -> HttpResponse:
    """The latest commands alone, for a page that waits for an answer."""
    row = charger_row(desk, charger_pk)
    context = {"desk": desk, "charger": row.charger, **latest_commands(desk, row)}
    return render(request, "portal/charger/commands.html", context)


@require_GET
@portal_page
def uptime(request: HttpRequest, desk: Desk, charger_pk: int) -> HttpResponse:
    """How long it could be used: reckoned after the page has been shown, for it takes a while."""
    charger = charger_row(desk, charger_pk).charger
    return render(request, "portal/charger/uptime.html", {"uptime": _uptime(desk, charger)})


def latest_commands(desk: Desk, row: BoardCharger) -> dict[str, Any]:
    """`waiting` tells whether an answer is still to come."""
    rows = visible(desk.user, Command.objects.filter(charger=row.charger))
    shown = list(rows.order_by("-created_at")[:_COMMANDS])
    return {"commands": shown, "waiting": any(command.status in _OPEN for command in shown)}


def _sessions(desk: Desk, charger: Charger) -> list[tuple[Any, int | None]]:
    rows = list(history.sessions(desk.user, charger_pk=charger.pk)[:_SESSIONS])
    costs = costs_of(rows)
    return [(session, costs.get(session.pk, session.cost)) for session in rows]


def _uptime(desk: Desk, charger: Charger) -> Uptime:
    now = clock.now()
    rows = Charger.objects.filter(pk=charger.pk)
    parts = availability(desk.user, rows, since=now - _UPTIME_OVER, until=now)
    return sum((part.uptime for part in parts), Uptime())
