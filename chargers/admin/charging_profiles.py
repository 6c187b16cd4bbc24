from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from chargers.admin import charging_words as words
from chargers.models import ChargingProfile, ChargingSchedulePeriod, ProfileState
from unievp.lib.admin import ReadOnlyAdmin, ReadOnlyInline, change_link, column, when

STATE = {
    ProfileState.PENDING: "info",
    ProfileState.INSTALLED: "success",
    ProfileState.REFUSED: "danger",
    ProfileState.UNSURE: "warning",
    ProfileState.UNSENT: "warning",
    ProfileState.REPLACED: "",
    ProfileState.CLEARED: "",
    ProfileState.ENDED: "",
}


class PeriodInline(ReadOnlyInline):
    model = ChargingSchedulePeriod
    fields = ("start_s", "limit", "phases")
    readonly_fields = fields
    show_change_link = False


@admin.register(ChargingProfile)
class ChargingProfileAdmin(ReadOnlyAdmin):
    list_display = (
        "profile_id",
        "charger_link",
        "connector_number",
        "shown_state",
        "purpose",
        "stack_level",
        "limits",
        "source",
        "refusal",
        "created",
    )
    list_filter = ("state", "purpose", "source", ("charger", AutocompleteSelectFilter))
    list_select_related = ("charger",)
    search_fields = ("charger__identity",)
    search_numbers = ("profile_id",)
    inlines = (PeriodInline,)
    fields = (
        ("charger_link", "connector_number"),
        ("profile_id", "stack_level"),
        ("purpose", "kind"),
        ("recurrency", "rate_unit"),
        ("shown_state", "refusal"),
        ("source", "created"),
        ("valid_from", "valid_to"),
        ("start_at", "duration_s"),
        ("session_link", "command_link"),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChargingProfile]:
        rows: QuerySet[ChargingProfile] = super().get_queryset(request)
        return rows.prefetch_related("periods")

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, profile: ChargingProfile) -> Any:
        return change_link(profile.charger, profile.charger.identity)

    @column(_("state"), ordering="state", label=STATE)
    def shown_state(self, profile: ChargingProfile) -> Any:
        return profile.state, profile.get_state_display()

    @column(_("limits"))
    def limits(self, profile: ChargingProfile) -> str:
        periods = profile.periods.all()
        return ", ".join(words.limit(period.limit, profile.rate_unit) for period in periods) or "-"

    @column(_("created"), ordering="created_at")
    def created(self, profile: ChargingProfile) -> str:
        return when(profile.created_at)

    @column(_("session"))
    def session_link(self, profile: ChargingProfile) -> Any:
        return change_link(profile.session)

    @column(_("command"))
    def command_link(self, profile: ChargingProfile) -> Any:
        return change_link(profile.command)
