"""A charger's wire log: search, the next page, export."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from chargers.models import Charger, Direction
from chargers.selectors.wire import Cursor, WireSearch, wire_page
from chargers.selectors.wire.search import FAILED
from cpo.access import visible
from unievp.lib import clock
from unievp.lib.errors import InvalidError
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.downloads import json_lines
from unievp.web.replay.export import wire_lines

SHOWN_AT_FIRST = timedelta(hours=24)
# Longer ranges are asked for in parts: an export is one answer of one request.
LONGEST = timedelta(days=31)
_MOST_PK = 2**63 - 1
_LOCAL = "%Y-%m-%dT%H:%M"
_MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL)


class WireForm(forms.Form):
    """Times in the zone of the charger's place."""

    since = forms.DateTimeField(
        label=gettext_lazy("From"), widget=_MOMENT, required=False, input_formats=[_LOCAL]
    )
    until = forms.DateTimeField(
        label=gettext_lazy("To"), widget=_MOMENT, required=False, input_formats=[_LOCAL]
    )
    action = forms.CharField(label=gettext_lazy("Message"), required=False, max_length=64)
    message_id = forms.CharField(label=gettext_lazy("Message id"), required=False, max_length=64)
    direction = forms.ChoiceField(
        label=gettext_lazy("Direction"),
        required=False,
        choices=[("", gettext_lazy("Both")), *Direction.choices],
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        required=False,
        choices=[
            ("", gettext_lazy("Any")),
            ("result", gettext_lazy("Answered")),
            (FAILED, gettext_lazy("Failed")),
        ],
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and not since < until <= since + LONGEST:
            text = _("From must be before To, and at most %(days)d days.")
            raise forms.ValidationError({"until": text % {"days": LONGEST.days}})
        return values


@require_GET
@portal_page
def wire_log(request: HttpRequest, desk: Desk, charger_pk: int) -> HttpResponse:
    charger = _charger(desk, charger_pk)
    form, search = _searched(request, charger)
    before = _cursor(request)
    page = wire_page(desk.user, charger.pk, search, before=before)
    if page is None:
        raise Http404
    context = {
        "desk": desk,
        "nav": "board",
        "charger": charger,
        "zone": charger.location.time_zone,
        "form": form,
        "page": page,
        "before": before,
        "query": _query(search, charger),
    }
    return render(request, "portal/wire.html", context)


@require_GET
@portal_page
def wire_export(request: HttpRequest, desk: Desk, charger_pk: int) -> HttpResponseBase:
    charger = _charger(desk, charger_pk)
    _form, search = _searched(request, charger)
    name = f"{charger.pk}-{search.since:%Y%m%dT%H%M}"
    return json_lines(wire_lines(charger, search), name=f"wire-{name}")


def local_query(charger: Charger, since: datetime, until: datetime) -> str:
    """The address of a range of the log, in the charger's own time."""
    return _query(WireSearch(since, until), charger)


def _charger(desk: Desk, charger_pk: int) -> Charger:
    if charger_pk > _MOST_PK:
        raise Http404
    chargers = visible(desk.user, Charger.objects.select_related("location", "cpo"))
    charger = chargers.filter(pk=charger_pk).first()
    if charger is None:
        raise Http404
    return charger


def _searched(request: HttpRequest, charger: Charger) -> tuple[WireForm, WireSearch]:
    """What was asked for; what makes no sense is shown as an error and left out."""
    zone = ZoneInfo(charger.location.time_zone)
    form = WireForm(request.GET if request.GET else None)
    values: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    until = _in_zone(values.get("until"), zone)
    since = _in_zone(values.get("since"), zone)
    if until is None:
        until = since + SHOWN_AT_FIRST if since else clock.now() + timedelta(minutes=1)
    if since is None:
        since = until - SHOWN_AT_FIRST
    search = WireSearch(
        since=since,
        until=until,
        action=values.get("action", ""),
        message_id=values.get("message_id", ""),
        direction=values.get("direction", ""),
        outcome=values.get("outcome", ""),
    )
    if not form.is_bound:
        form.initial = {
            "since": since.astimezone(zone).replace(tzinfo=None),
            "until": until.astimezone(zone).replace(tzinfo=None),
        }
    return form, search


def _in_zone(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A form's time is read in the active zone; the person meant that of the place."""
    return moment.replace(tzinfo=zone) if moment else None


def _cursor(request: HttpRequest) -> Cursor | None:
    text = request.GET.get("before", "")
    try:
        return Cursor.parse(text) if text else None
    except (InvalidError, OverflowError):
        return None


def _query(search: WireSearch, charger: Charger) -> str:
    zone = ZoneInfo(charger.location.time_zone)
    words = {
        "since": f"{search.since.astimezone(zone):{_LOCAL}}",
        "until": f"{search.until.astimezone(zone) + timedelta(seconds=59):{_LOCAL}}",
        "action": search.action,
        "message_id": search.message_id,
        "direction": search.direction,
        "outcome": search.outcome,
    }
    return urlencode({name: word for name, word in words.items() if word})
