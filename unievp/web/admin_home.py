"""The admin's home page; `UNFOLD` in the settings names `dashboard`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chargers.admin.colours import SESSION as SESSION_COLOURS
from chargers.models import SessionStatus
from cpo.models import User
from tickets.selectors.tickets import Counts, counts_for
from unievp.lib.admin import changelist_url, energy, money, power, since
from unievp.web.selectors import admin_home as selectors

Text = str | Promise


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What staff look at first; every card leads to the list that it counts."""
    figures = selectors.home_figures()
    context |= {
        "cards": [*_cards(figures), *_ticket_cards(counts_for(cast("User", request.user)))],
        "charts": _charts(figures.hours),
        "recent": [
            {
                "session": session,
                "number": str(session.transaction_id),
                "colour": SESSION_COLOURS[SessionStatus(session.status)],
                "energy": energy(session.energy_wh),
                "cost": money(session.cost, session.currency),
            }
            for session in selectors.recent_sessions()
        ],
        "faults": selectors.faulted_connectors(),
        "zone": figures.zone_name,
    }
    return context


def _cards(figures: selectors.HomeFigures) -> list[dict[str, Any]]:
    return [*_field_cards(figures), *_money_cards(figures)]


def _card(
    title: Text, value: object, note: Text, icon: str, url: str, *, alarm: str = ""
) -> dict[str, Any]:
    """`alarm`: "" (fine), "warning" or "danger", and the value takes that colour."""
    return {"title": title, "value": value, "note": note, "icon": icon, "url": url, "alarm": alarm}


def _field_cards(figures: selectors.HomeFigures) -> list[dict[str, Any]]:
    chargers, running = figures.chargers, figures.running
    offline = chargers.total - chargers.online
    return [
        _card(
            _("Chargers online"),
            f"{chargers.online} / {chargers.total}",
            _("%(count)d offline") % {"count": offline} if offline else _("All connected"),
            "ev_station",
            changelist_url("chargers.Charger", presence__online__exact=1),
            alarm="warning" if offline else "",
        ),
        _card(
            _("Connectors faulted"),
            chargers.faulted,
            _("Out of order by their own word"),
            "error",
            changelist_url("chargers.Connector", status__exact="Faulted"),
            alarm="danger" if chargers.faulted else "",
        ),
        _card(
            _("Charging now"),
            running.sessions,
            _("%(power)s in all") % {"power": power(running.power_w)},
            "bolt",
            changelist_url("chargers.ChargingSession", status__exact="active"),
        ),
        _card(
            _("Unknown chargers"),
            figures.unknown_chargers,
            _("Knocked and were refused"),
            "help",
            changelist_url("chargers.UnknownCharger"),
            alarm="warning" if figures.unknown_chargers else "",
        ),
        _card(
            _("Orphan stops"),
            figures.orphan_stops,
            _("Ends of sessions that nobody knows"),
            "link_off",
            changelist_url("chargers.OrphanStop", state__exact="waiting"),
            alarm="warning" if figures.orphan_stops else "",
        ),
        _card(
            _("Critical security events"),
            figures.critical_events,
            _("Not seen by anybody yet"),
            "gpp_maybe",
            changelist_url(
                "chargers.SecurityEvent", severity__exact="critical", seen_at__isempty=1
            ),
            alarm="danger" if figures.critical_events else "",
        ),
        _card(
            _("Webhooks failing"),
            figures.failing_webhooks,
            _("Companies' programs do not hear us"),
            "webhook",
            changelist_url("cpo.WebhookEndpoint", failing_since__isempty=0),
            alarm="warning" if figures.failing_webhooks else "",
        ),
    ]


def _ticket_cards(counts: Counts) -> list[dict[str, Any]]:
    return [
        _card(
            _("Overdue tickets"),
            counts.overdue,
            _("%(count)d to do in all") % {"count": counts.open},
            "alarm",
            changelist_url("tickets.Ticket", queue="overdue"),
            alarm="danger" if counts.overdue else "",
        ),
        _card(
            _("Tickets with nobody"),
            counts.unassigned,
            _("Wait for somebody to take them"),
            "confirmation_number",
            changelist_url("tickets.Ticket", queue="unassigned"),
            alarm="warning" if counts.unassigned else "",
        ),
        _card(
            _("My tickets"),
            counts.mine,
            _("Given to me, and not done"),
            "assignment_ind",
            changelist_url("tickets.Ticket", queue="mine"),
        ),
    ]


def _money_cards(figures: selectors.HomeFigures) -> list[dict[str, Any]]:
    today, settlements, unbilled = figures.today, figures.settlements, figures.unbilled
    return [
        _card(
            _("Energy today"),
            energy(today.energy_wh),
            _("%(count)d sessions billed") % {"count": today.bills},
            "energy_savings_leaf",
            changelist_url("chargers.ChargingSession", billing_status__exact="billed"),
        ),
        _card(
            _("Revenue today"),
            money(today.revenue),
            _("Billed since midnight"),
            "receipt_long",
            changelist_url("payments.Bill"),
        ),
        _card(
            _("Companies to verify"),
            figures.pending_companies,
            _("Registered, and wait for us"),
            "verified",
            changelist_url("cpo.CPO", status__exact="pending"),
            alarm="warning" if figures.pending_companies else "",
        ),
        _card(
            _("Settlements waiting"),
            settlements.count,
            money(settlements.amount),
            "payments",
            changelist_url("payments.Settlement", status__exact="requested"),
            alarm="warning" if settlements.count else "",
        ),
        _card(
            _("Oldest unbilled session"),
            since(unbilled.oldest) if unbilled.oldest else "-",
            _("%(count)d unbilled, %(held)d held")
            % {"count": unbilled.count, "held": unbilled.held},
            "hourglass_top",
            changelist_url(
                "chargers.ChargingSession", billing_status__exact="unbilled", status__exact="ended"
            ),
            alarm=_unbilled_alarm(unbilled),
        ),
        _books_card(figures.books),
    ]


def _books_card(books: selectors.Books) -> dict[str, Any]:
    ago = since(books.proven_at) if books.proven_at else ""
    return _card(
        _("Differences in the books"),
        books.differences,
        _("Last proof: %(ago)s") % {"ago": ago} if ago else _("Not proven yet"),
        "difference",
        changelist_url("payments.Difference", status__exact="open"),
        alarm="danger" if books.differences else "warning" if books.is_late else "",
    )


def _unbilled_alarm(unbilled: selectors.Unbilled) -> str:
    if unbilled.is_late:
        return "danger"
    return "warning" if unbilled.held else ""


def _charts(hours: list[selectors.Hour]) -> list[dict[str, Any]]:
    labels = [hour.at.strftime("%H:00") for hour in hours]
    series: tuple[tuple[Text, Text, str, Callable[[selectors.Hour], object]], ...] = (
        (_("Energy billed per hour"), "kWh", "var(--color-primary-600)", lambda h: h.kwh),
        (_("Revenue per hour"), _("thousand Rp"), "#16a34a", lambda h: h.thousand_rupiah),
    )
    return [
        {
            "title": title,
            "unit": unit,
            "data": json.dumps(
                {
                    "labels": labels,
                    "datasets": [
                        {
                            "label": str(unit),
                            "data": [value(hour) for hour in hours],
                            "backgroundColor": colour,
                            "displayYAxis": True,
                            "maxTicksXLimit": 8,
                            "borderRadius": 3,
                            "maxBarThickness": 18,
                        }
                    ],
                }
            ),
        }
        for title, unit, colour, value in series
    ]
