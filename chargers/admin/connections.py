from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.models import Charger, ConnectionLog, EndedBy
from chargers.selectors.connections import steadiness
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, list_link, when

_COLOURS = {
    "": "success",
    EndedBy.CHARGER.value: "info",
    EndedBy.PLATFORM.value: "info",
    EndedBy.NETWORK.value: "warning",
    EndedBy.RESTART.value: "",
}


@admin.register(ConnectionLog)
class ConnectionLogAdmin(ReadOnlyAdmin):
    list_display = ("began", "of", "lasted", "ended", "close_code", "reason", "silent", "address")
    list_filter = (
        ("charger", AutocompleteSelectFilter),
        "ended_by",
        ("connected_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger",)
    search_fields = ("charger__identity", "remote_address")
    ordering = ("-connected_at", "-id")

    @column(_("connected"), ordering="connected_at")
    def began(self, row: ConnectionLog) -> str:
        return when(row.connected_at)

    @column(_("charger"), ordering="charger__identity")
    def of(self, row: ConnectionLog) -> Any:
        return change_link(row.charger, row.charger.identity)

    @column(_("lasted"))
    def lasted(self, row: ConnectionLog) -> str:
        if row.ended_at is None:
            return "-"
        return str(timedelta(seconds=round((row.ended_at - row.connected_at).total_seconds())))

    @column(_("ended by"), ordering="ended_by", label=_COLOURS)
    def ended(self, row: ConnectionLog) -> Any:
        return row.ended_by, row.get_ended_by_display() if row.ended_at else _("still open")

    @column(_("silent before"))
    def silent(self, row: ConnectionLog) -> str:
        return "-" if row.idle_s is None else f"{row.idle_s} s"

    @column(_("address"), ordering="remote_address")
    def address(self, row: ConnectionLog) -> str:
        return row.remote_address or "-"


def steadiness_of(charger: Charger) -> SafeString:
    """One line for the charger's page, with a link to the connections it is made from."""
    now = steadiness(charger.pk)
    words = _text("%(count)d connections in 24 h, %(lost)d of them lost") % {
        "count": now.connections,
        "lost": now.lost,
    }
    if now.idle_s is not None:
        words += _text(" after %(idle)d s of silence") % {"idle": now.idle_s}
    if now.is_flapping:
        words += _text(": unsteady")
    if now.last is not None:
        words += _text(". Last end: %(who)s, code %(code)s") % {
            "who": now.last.get_ended_by_display(),
            "code": now.last.close_code or "-",
        }
    shown = list_link("chargers.connectionlog", _("connections"), charger__id__exact=charger.pk)
    return format_html("{} · {}", words, shown)
