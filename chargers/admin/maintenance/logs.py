from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin.maintenance import colours
from chargers.models import ChargerLog
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, when
from unievp.lib.admin.links import link


@admin.register(ChargerLog)
class ChargerLogAdmin(ReadOnlyAdmin):
    list_display = (
        "charger_link", "kind", "state", "download", "says", "requested_label", "asked", "error",
    )  # fmt: skip
    list_filter = (
        "status",
        "kind",
        ("charger", AutocompleteSelectFilter),
        ("charger__cpo", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger",)
    search_fields = ("charger__identity", "file_name", "requested_label")
    fields = (
        ("charger_link", "kind"),
        ("state", "says"),
        ("download", "sha256"),
        ("since", "until"),
        ("requested_label", "asked"),
        ("expires", "received"),
        ("location", "command_link"),
        ("promised_name", "removed"),
        "error",
    )
    readonly_fields = tuple(
        name for pair in fields for name in ((pair,) if isinstance(pair, str) else pair)
    )

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, log: ChargerLog) -> SafeString | str:
        return change_link(log.charger, log.charger.identity)

    @column(_("status"), ordering="status", label=colours.LOG)
    def state(self, log: ChargerLog) -> Any:
        return log.status, log.get_status_display()

    @column(_("file"))
    def download(self, log: ChargerLog) -> SafeString | str:
        if not log.file:
            return "-"
        url = reverse("chargers:log_download", args=(log.pk,))
        return link(url, f"{log.file_name} ({filesizeformat(log.size)})")

    @column(_("charger says"), ordering="reported")
    def says(self, log: ChargerLog) -> str:
        return log.reported or "-"

    @column(_("asked"), ordering="created_at")
    def asked(self, log: ChargerLog) -> str:
        return when(log.created_at)

    @column(_("waits until"))
    def expires(self, log: ChargerLog) -> str:
        return when(log.expires_at)

    @column(_("received"))
    def received(self, log: ChargerLog) -> str:
        return when(log.received_at)

    @column(_("removed"))
    def removed(self, log: ChargerLog) -> str:
        return when(log.removed_at)

    @column(_("command"))
    def command_link(self, log: ChargerLog) -> SafeString | str:
        return "-" if log.command is None else change_link(log.command, log.command.action)
