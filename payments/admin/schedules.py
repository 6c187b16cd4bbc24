"""When companies' money is asked for by itself, and what came of it."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from cpo.models import User
from payments.models import Frequency, SettlementRun, SettlementSchedule
from payments.services.settling.schedules import set_schedule
from unievp.lib.admin import DeskAdmin, ReadOnlyAdmin, change_link, column, money, when

_COLOURS = {
    Frequency.OFF: "",
    Frequency.DAILY: "info",
    Frequency.WEEKLY: "info",
    Frequency.THRESHOLD: "success",
}


@admin.register(SettlementSchedule)
class SettlementScheduleAdmin(DeskAdmin):
    list_display = ("cpo", "rhythm", "weekday", "from_amount", "time_zone", "changed")
    list_filter = ("frequency", ("cpo", AutocompleteSelectFilter))
    list_select_related = ("cpo",)
    search_fields = ("cpo__name",)
    autocomplete_fields = ("cpo",)
    fields = ("cpo", ("frequency", "weekday"), ("threshold", "time_zone"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("cpo",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        schedule = set_schedule(
            obj.cpo,
            actor=cast("User", request.user),
            frequency=obj.frequency,
            weekday=obj.weekday,
            threshold=obj.threshold,
            time_zone=obj.time_zone,
        )
        obj.pk = schedule.pk

    @column(_("frequency"), ordering="frequency", label=_COLOURS)
    def rhythm(self, schedule: SettlementSchedule) -> Any:
        return schedule.frequency, schedule.get_frequency_display()

    @column(_("threshold"))
    def from_amount(self, schedule: SettlementSchedule) -> str:
        return money(schedule.threshold)

    @column(_("changed"), ordering="changed_at")
    def changed(self, schedule: SettlementSchedule) -> str:
        return when(schedule.changed_at)


@admin.register(SettlementRun)
class SettlementRunAdmin(ReadOnlyAdmin):
    list_display = ("period", "cpo", "came_of_it", "note", "ran")
    list_filter = (
        ("settlement", admin.EmptyFieldListFilter),
        ("cpo", AutocompleteSelectFilter),
        ("at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "settlement")
    search_fields = ("cpo__name", "period")
    fields = (("period", "cpo"), ("ran", "came_of_it"), "note")
    readonly_fields = ("period", "cpo", "ran", "came_of_it", "note")

    @column(_("settlement"))
    def came_of_it(self, run: SettlementRun) -> SafeString | str:
        return change_link(run.settlement)

    @column(_("time"), ordering="at")
    def ran(self, run: SettlementRun) -> str:
        return when(run.at)
