"""Who did what in a company: the audit log, filtered, in words, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cpo.access import visible
from cpo.models import CPO, AuditEntry
from unievp.lib.streams import STEP
from unievp.lib.tables import Cell
from unievp.web.portal.company import Desk, early_page
from unievp.web.portal.downloads import csv_file
from unievp.web.portal.office.common import office_of, page_of
from unievp.web.portal.office.words import AREAS, action_words
from unievp.web.timezones import OFFICE_ZONE

_PER_PAGE: Final = 50
_COLUMNS: Final = ("time", "who", "action", "object", "before", "after", "reason")


@require_GET
@early_page
def log(request: HttpRequest, desk: Desk) -> HttpResponse:
    company = office_of(request, desk)
    page = Paginator(_entries(request, desk, company), _PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context: dict[str, Any] = page_of(desk, company, "log") | {
        "page": page,
        "rows": [(entry, action_words(entry.action), _changes(entry)) for entry in page],
        "areas": AREAS,
        "area": request.GET.get("area", ""),
        "text": _text(request),
        "query": query.urlencode(),
        "zone": OFFICE_ZONE.key,
    }
    return render(request, "portal/office/log.html", context)


@require_GET
@early_page
def export(request: HttpRequest, desk: Desk) -> StreamingHttpResponse:
    """What the page shows, all of it, as CSV; codes of actions as they are."""
    company = office_of(request, desk)
    entries = _by_key(_entries(request, desk, company))
    return csv_file(map(_row, entries), columns=_COLUMNS, name="audit-log")


def _by_key(rows: QuerySet[AuditEntry]) -> Iterator[AuditEntry]:
    """Newest first, in parts: no cursor stays open while the answer waits for its reader."""
    rows = rows.order_by("-pk")
    part = list(rows[:STEP])
    while part:
        yield from part
        part = list(rows.filter(pk__lt=part[-1].pk)[:STEP])


def _entries(request: HttpRequest, desk: Desk, company: CPO) -> QuerySet[AuditEntry]:
    rows = visible(desk.user, AuditEntry.objects.filter(cpo=company)).order_by("-at", "-pk")
    area, text = request.GET.get("area", ""), _text(request)
    if area in AREAS:
        prefixes = AREAS[area].prefixes
        rows = rows.filter(_any(Q(action__startswith=f"{prefix}.") for prefix in prefixes))
    if text:
        rows = rows.filter(
            Q(actor_label__icontains=text)
            | Q(subject_label__icontains=text)
            | Q(action__icontains=text)
        )
    return rows


def _any(conditions: Iterable[Q]) -> Q:
    found = Q()
    for condition in conditions:
        found |= condition
    return found


def _text(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()[:100]


def _changes(entry: AuditEntry) -> list[tuple[str, Any, Any]]:
    """Name, before, after of what changed."""
    names = sorted({*entry.before, *entry.after})
    return [(name, entry.before.get(name), entry.after.get(name)) for name in names]


def _row(entry: AuditEntry) -> list[Cell]:
    at: datetime = entry.at.astimezone(OFFICE_ZONE)
    return [
        at,
        entry.actor_label,
        entry.action,
        entry.subject_label or entry.subject_id,
        _flat(entry.before),
        _flat(entry.after),
        entry.reason,
    ]


def _flat(values: dict[str, Any]) -> str:
    return "; ".join(f"{name}={value}" for name, value in sorted(values.items()))
