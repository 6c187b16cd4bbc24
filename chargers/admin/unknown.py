from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter

from chargers.models import UnknownCharger
from unievp.lib.admin import DeskAdmin, column, since


@admin.register(UnknownCharger)
class UnknownChargerAdmin(DeskAdmin):
    """Who knocked and was refused. Deleting a row clears the inbox; it comes back if it knocks."""

    list_display = (
        "identity",
        "reason",
        "attempts",
        "ago",
        "remote_address",
        "subprotocols",
        "first_seen_at",
    )
    list_filter = ("reason", ("last_seen_at", RangeDateTimeFilter))
    search_fields = ("identity", "remote_address")
    date_hierarchy = "last_seen_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @column(_("last seen"), ordering="last_seen_at")
    def ago(self, unknown: UnknownCharger) -> str:
        return since(unknown.last_seen_at)
