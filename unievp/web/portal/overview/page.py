"""The day at a glance: figures, curves of a month, what needs attention, and the map."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from chargers.models import Location
from chargers.selectors.board import kpis, locations
from unievp.web.analytics.curves import DayTotals, daily_totals
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.overview.attention import attention
from unievp.web.portal.overview.first_steps import first_steps

_DAYS: Final = 30
_MOST_SITES: Final = 500


@require_GET
@portal_page
def overview(request: HttpRequest, desk: Desk) -> HttpResponse:
    figures = kpis(desk.user, desk.cpo_id)
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "overview",
        "kpis": figures,
        "steps": first_steps(desk),
        "items": attention(desk, figures),
        **_month(desk),
        "sites": _sites(desk),
        "map": {"tiles": settings.MAP_TILES_URL, "credit": settings.MAP_TILES_CREDIT},
    }
    return render(request, "portal/overview/page.html", context)


def _month(desk: Desk) -> dict[str, Any]:
    """The sums, and for `overview.js` a bar a day."""
    days = daily_totals(desk.user, desk.cpo_id, days=_DAYS)
    return {
        "month": {
            "energy_wh": sum(day.energy_wh for day in days),
            "revenue": sum(day.revenue for day in days),
        },
        "curves": _curves(days),
    }


def _curves(days: list[DayTotals]) -> dict[str, Any]:
    """Energy as text: JSON numbers are floats."""
    return {
        "labels": [f"{day.date:%d/%m}" for day in days],
        "energy": [f"{Decimal(day.energy_wh) / 1000:.1f}" for day in days],
        "revenue": [day.revenue for day in days],
        "names": {"energy": _("Energy (kWh)"), "revenue": _("Revenue (Rp)")},
    }


def _sites(desk: Desk) -> list[dict[str, Any]]:
    """Where chargers stand, with what they do; sites without a place on the map are left out."""
    in_service = Q(chargers__retired_at=None)
    online = in_service & Q(chargers__presence__online=True)
    faulted = online & (Q(chargers__status="Faulted") | Q(chargers__connectors__status="Faulted"))
    rows = (
        locations(desk.user, desk.cpo_id)
        .exclude(latitude=None)
        .exclude(longitude=None)
        .annotate(
            total=Count("chargers", filter=in_service, distinct=True),
            online=Count("chargers", filter=online, distinct=True),
            faulted=Count("chargers", filter=faulted, distinct=True),
        )
        .filter(total__gt=0)
    )
    return [_site(row) for row in rows[:_MOST_SITES]]


def _site(row: Location) -> dict[str, Any]:
    total, online, faulted = (getattr(row, name) for name in ("total", "online", "faulted"))
    state = "faulted" if faulted else "offline" if online < total else "online"
    return {
        "name": row.name,
        "at": [str(row.latitude), str(row.longitude)],
        "state": state,
        "text": _("%(online)d of %(total)d online") % {"online": online, "total": total},
        "link": f"{reverse('portal:board')}?location={row.pk}",
    }
