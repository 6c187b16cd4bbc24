"""Presence over time, and a charger's uptime on its page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.models import Charger, PresenceChange
from chargers.selectors.availability import ConnectorAvailability, availability
from cpo.models import User
from unievp.lib import clock
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, when

DAYS = 30


@admin.register(PresenceChange)
class PresenceChangeAdmin(ReadOnlyAdmin):
    list_display = ("time", "charger_link", "state")
    list_filter = (("charger", AutocompleteSelectFilter), "online", ("at", RangeDateTimeFilter))
    list_select_related = ("charger",)
    search_fields = ("charger__identity",)
    search_help_text = gettext_lazy("Charger id")
    # As they came: a month of a large fleet is not sorted for one page.
    ordering = ("-id",)
    fields = ("time", "charger_link", "state")
    readonly_fields = fields

    @column(gettext_lazy("time"), ordering="at")
    def time(self, change: PresenceChange) -> str:
        return when(change.at)

    @column(gettext_lazy("charger"), ordering="charger__identity")
    def charger_link(self, change: PresenceChange) -> SafeString | str:
        return change_link(change.charger)

    @column(gettext_lazy("presence"), label={True: "success", False: "danger"})
    def state(self, change: PresenceChange) -> Any:
        return change.online, _("Online") if change.online else _("Offline")


def uptime_lines(charger: Charger, request: HttpRequest) -> SafeString | str:
    """Uptime of each connector in the last DAYS days, with what took it away."""
    now = clock.now()
    rows = availability(
        cast("User", request.user),
        Charger.objects.filter(pk=charger.pk),
        since=now - timedelta(days=DAYS),
        until=now,
    )
    return format_html_join("", "<div>{}</div>", ((_line(row),) for row in rows)) or "-"


def _line(row: ConnectorAvailability) -> str:
    uptime = row.uptime
    percent = uptime.percent()
    lost = [
        f"{name} {_hours(time)}"
        for name, time in (
            (_("network"), uptime.network),
            (_("charger"), uptime.charger),
            (_("maintenance (not counted)"), uptime.maintenance),
            (_("unknown (not counted)"), uptime.unknown),
        )
        if time
    ]
    shown = _("unknown") if percent is None else f"{percent} %"
    return f"{row.connector.number}: {shown}" + (f" · {', '.join(lost)}" if lost else "")


def _hours(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02d} h"
