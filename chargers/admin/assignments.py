from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.models import TariffAssignment
from cpo.admin import AuditedAdmin
from unievp.lib import clock
from unievp.lib.admin import column


@admin.register(TariffAssignment)
class TariffAssignmentAdmin(AuditedAdmin):
    list_display = ("template", "charger", "outlet", "phase", "valid_from", "valid_to")
    list_filter = (
        ("template", AutocompleteSelectFilter),
        ("charger", AutocompleteSelectFilter),
        ("valid_from", RangeDateTimeFilter),
    )
    list_select_related = ("template", "charger", "connector")
    search_fields = ("charger__identity", "template__name")
    autocomplete_fields = ("template", "charger")
    raw_id_fields = ("connector",)
    readonly_fields = ("created_at",)

    @column(_("connector"), ordering="connector__number")
    def outlet(self, assignment: TariffAssignment) -> str:
        return str(assignment.connector.number) if assignment.connector else str(_("all"))

    @column(
        _("in force"),
        label={"now": "success", "later": "info", "over": ""},
    )
    def phase(self, assignment: TariffAssignment) -> Any:
        now = clock.now()
        if assignment.valid_to is not None and assignment.valid_to <= now:
            return "over", _("Over")
        return ("later", _("Later")) if assignment.valid_from > now else ("now", _("Now"))
