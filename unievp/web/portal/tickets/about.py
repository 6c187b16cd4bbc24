"""The tickets of one charger or one session, for the page of it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from chargers.models import Charger, ChargingSession
from cpo.access import Right
from tickets.selectors.tickets import tickets_for
from unievp.web.portal.company import Desk
from unievp.web.portal.tickets.clocks import clocks_of
from unievp.web.selectors.tickets import to_do

_MOST: Final = 5


def tickets_of_charger(desk: Desk, charger: Charger) -> dict[str, Any]:
    """What is to do there, the most urgent first."""
    rows = to_do(tickets_for(desk.user).filter(charger=charger), desk.user)
    everything = {"charger": charger.pk, "show": "all"}
    return _shown(desk, rows[:_MOST], charger, {"charger": charger.identity}) | {
        "all_tickets": f"{reverse('portal:tickets')}?{urlencode(everything)}"
    }


def tickets_of_session(desk: Desk, session: ChargingSession) -> dict[str, Any]:
    """All of them, done or not."""
    rows = tickets_for(desk.user).filter(session=session).order_by("-pk")
    about = {"session": session.transaction_id}
    return _shown(desk, rows[:_MOST], session, about)


def _shown(
    desk: Desk, rows: Any, about: Charger | ChargingSession, query: dict[str, Any]
) -> dict[str, Any]:
    shown = list(rows)
    clocks = clocks_of(shown)
    may_open = desk.is_staff or about.cpo in desk.cpos_with(Right.OPERATE)
    new = f"{reverse('portal:new_ticket')}?{urlencode(query)}"
    return {
        "tickets": [(ticket, clocks.get(ticket.pk)) for ticket in shown],
        "new_ticket": new if may_open else "",
    }
