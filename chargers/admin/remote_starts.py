from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin import colours
from chargers.models import RemoteStart
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, when


@admin.register(RemoteStart)
class RemoteStartAdmin(ReadOnlyAdmin):
    list_display = (
        "charger_link",
        "connector_number",
        "id_tag",
        "state",
        "asked",
        "until",
        "session_link",
        "reason",
    )
    list_filter = (
        "status",
        ("charger", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger", "session", "command__charger")
    search_fields = ("charger__identity", "id_tag__iexact")
    fields = (
        ("charger_link", "connector_number"),
        ("id_tag", "state"),
        ("asked", "accepted"),
        ("until", "decided"),
        ("session_link", "reason"),
        ("command_link",),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, wish: RemoteStart) -> SafeString | str:
        return change_link(wish.charger, wish.charger.identity)

    @column(_("status"), ordering="status", label=colours.REMOTE_START)
    def state(self, wish: RemoteStart) -> Any:
        return wish.status, wish.get_status_display()

    @column(_("session"))
    def session_link(self, wish: RemoteStart) -> SafeString | str:
        return change_link(wish.session)

    @column(_("command"))
    def command_link(self, wish: RemoteStart) -> SafeString | str:
        return change_link(wish.command)

    @column(_("asked"), ordering="created_at")
    def asked(self, wish: RemoteStart) -> str:
        return when(wish.created_at)

    @column(_("accepted"))
    def accepted(self, wish: RemoteStart) -> str:
        return when(wish.accepted_at)

    @column(_("at the latest"), ordering="expires_at")
    def until(self, wish: RemoteStart) -> str:
        return when(wish.expires_at)

    @column(_("decided"))
    def decided(self, wish: RemoteStart) -> str:
        return when(wish.ended_at)
