from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from chargers.models import StopLatency
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, when


@admin.register(StopLatency)
class StopLatencyAdmin(ReadOnlyAdmin):
    """How early a prepaid charge has to be stopped at each charger."""

    list_display = ("of", "mean_ms", "deviation_ms", "samples", "measured")
    list_filter = (("charger", AutocompleteSelectFilter),)
    list_select_related = ("charger",)
    search_fields = ("charger__identity",)
    ordering = ("-mean_ms",)
    fields = ("of", ("mean_ms", "deviation_ms"), ("samples", "measured"))
    readonly_fields = ("of", "mean_ms", "deviation_ms", "samples", "measured")

    @column(_("charger"), ordering="charger__identity")
    def of(self, latency: StopLatency) -> Any:
        return change_link(latency.charger, latency.charger.identity)

    @column(_("latest"), ordering="measured_at")
    def measured(self, latency: StopLatency) -> str:
        return when(latency.measured_at)
