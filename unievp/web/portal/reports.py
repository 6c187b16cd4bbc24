"""Reports: which one, of which time; how it begins, and the whole of it as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from chargers.models import Location
from cpo.access import visible
from unievp.lib import clock
from unievp.lib.errors import DomainError
from unievp.lib.tables import Cell
from unievp.web.portal.company import Desk, portal_page
from unievp.web.reports.query import BY, ReportQuery, wanted_of
from unievp.web.reports.registry import REPORTS
from unievp.web.reports.report import Report
from unievp.web.timezones import OFFICE_ZONE

# Each cell as text, and whether it is a number.
Row = list[tuple[str, bool]]

_SHOWN: Final = 15
_MOST_PLACES: Final = 500
ZONES: Final = (
    ("Asia/Jakarta", "WIB"),
    ("Asia/Makassar", "WITA"),
    ("Asia/Jayapura", "WIT"),
    ("UTC", "UTC"),
)
PERIODS: Final = (
    ("today", _("Today")),
    ("week", _("Last 7 days")),
    ("month", _("This month")),
    ("last_month", _("Last month")),
    ("year", _("This year")),
    ("dates", _("From … to …")),
)
_BY_WORDS: Final = dict(zip(BY, (_("hour"), _("day"), _("month")), strict=True))


@require_GET
@portal_page
def report_page(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The chosen report's first rows and the links to its files; what is wrong is said instead."""
    offered = [report for report in REPORTS.values() if desk.cpos_with(report.right)]
    report = REPORTS.get(request.GET.get("name", ""), offered[0])
    if report not in offered:
        raise Http404
    asked = _asked(request, report)
    form = ReportQuery(report, data=asked)
    rows: list[Row] = []
    more = False
    if form.is_valid():
        rows, more = _beginning(desk, report, form.validated_data)
    query = urlencode(asked)
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "reports",
        "reports": offered,
        "report": report,
        "companies": desk.cpos_with(report.right),
        "places": _places(desk) if "location_id" in report.filters else (),
        "periods": PERIODS,
        "zones": ZONES,
        "by_words": _BY_WORDS.items(),
        "asked": {**request.GET.dict(), **asked, "period": _period(request)},
        "errors": {name: [str(each) for each in found] for name, found in form.errors.items()},
        "rows": rows,
        "has_more": more,
        "files": [(kind, f"/api/reports/{report.name}.{kind}?{query}") for kind in ("csv", "xlsx")],
    }
    return render(request, "portal/reports.html", context)


def _asked(request: HttpRequest, report: Report) -> dict[str, str]:
    """What the API is asked for: the period as days, and what was filled in."""
    given = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in _FIELDS}
    zone = dict(ZONES).get(given["tz"]) and ZoneInfo(given["tz"])
    period = _period(request)
    if period != "dates":
        first, last = days_of(period, clock.now().astimezone(zone or OFFICE_ZONE).date())
        given |= {"from": first.isoformat(), "to": last.isoformat()}
    known = {"from", "to", "cpo_id", "tz", "decimal"} | report.filters
    return {name: value for name, value in given.items() if value and name in known}


_FIELDS: Final = (
    "from", "to", "cpo_id", "location_id", "charger_id", "status", "by", "tz", "decimal",
)  # fmt: skip


def _period(request: HttpRequest) -> str:
    wanted = request.GET.get("period", "")
    return wanted if wanted in dict(PERIODS) else "month"


def days_of(period: str, today: date) -> tuple[date, date]:
    """The first and the last day of a period that ends today, or with the last month."""
    if period == "last_month":
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    first = {
        "today": today,
        "week": today - timedelta(days=6),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[period]
    return first, today


def _beginning(desk: Desk, report: Report, values: dict[str, Any]) -> tuple[list[Row], bool]:
    """The first rows, and whether there are more."""
    try:
        wanted = wanted_of(desk.user, report, values)
    except DomainError as error:
        raise Http404 from error
    found: Iterator[tuple[Cell, ...]] = islice(report.rows(desk.user, wanted), _SHOWN + 1)
    rows = [[_text(cell) for cell in row] for row in found]
    return rows[:_SHOWN], len(rows) > _SHOWN


def _text(cell: Cell) -> tuple[str, bool]:
    if cell is None:
        return "", False
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}", False
    if isinstance(cell, int | Decimal):
        return str(number_format(cell, use_l10n=True, force_grouping=True)), True
    return cell, False


def _places(desk: Desk) -> list[Location]:
    places = visible(desk.user, Location.objects.order_by("name"))
    if desk.cpo_id:
        places = places.filter(cpo_id=desk.cpo_id)
    return list(places[:_MOST_PLACES])
