"""CDRs that operators sent us: what our own engine says to each line, and what is booked."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from ocpi.admin.foreign import ForeignAdmin, kwh, major, whose
from ocpi.models import CdrCheck, CdrDifference, ForeignCdr
from ocpi.services.foreign.cdrs import recheck_cdr
from unievp.lib.admin import (
    Question,
    ReadOnlyInline,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    when,
)

_COLOURS: Final = {
    CdrCheck.WAITING: "info",
    CdrCheck.OK: "success",
    CdrCheck.DIFFERS: "danger",
    CdrCheck.UNPRICEABLE: "warning",
}


class DifferenceInline(ReadOnlyInline):
    model = CdrDifference
    fields = readonly_fields = ("what", "theirs", "ours", "why")


@admin.register(ForeignCdr)
class ForeignCdrAdmin(ForeignAdmin):
    list_display = ("ocpi_id", "whose", "partner", "verdict", "asked", "ours", "booked", "began")
    list_filter = (
        "check_state",
        "held_because",
        "is_credit",
        ("received_at", RangeDateTimeFilter),
        ("partner", AutocompleteSelectFilter),
    )
    list_select_related = ("partner", "own_token__contract__driver", "charge")
    search_fields = ("ocpi_id", "session_id_text", "own_token__uid")
    fields = readonly_fields = (
        "ocpi_id",
        "whose",
        "partner",
        "party",
        "session",
        "is_credit",
        "credit_reference_id",
        "began",
        "ended_at",
        "energy",
        "verdict",
        "checked_at",
        "asked",
        "ours",
        "booked",
        "received_at",
        "sent",
    )
    inlines = (DifferenceInline,)
    actions_detail = ("check_again",)

    @detail_action(
        _("Check again"),
        url_path="check-again",
        icon="refresh",
        permissions=("ocpi.change_foreigncdr",),
    )
    def check_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_row(self, request, object_id)
        question = Question(
            title=_("Check it again"),
            text=_("By what is known now. It is booked if it can be; what is booked stays."),
            submit=_("Check again"),
        )

        def run(_answer: dict[str, Any]) -> None:
            recheck_cdr(row)

        return ask(self, request, row, question, run)

    @column(_("driver"))
    def whose(self, row: ForeignCdr) -> str:
        return whose(row)

    @column(_("check"), ordering="check_state", label=_COLOURS)
    def verdict(self, row: ForeignCdr) -> Any:
        return row.check_state, row.get_check_state_display()

    @column(_("asked for"), ordering="total_incl")
    def asked(self, row: ForeignCdr) -> str:
        total = row.total_excl if row.total_incl is None else row.total_incl
        return major(total, row.currency)

    @column(_("our sum"), ordering="recomputed_incl")
    def ours(self, row: ForeignCdr) -> str:
        return major(row.recomputed_incl, row.currency)

    @column(_("booked"))
    def booked(self, row: ForeignCdr) -> str:
        if row.charge is not None:
            return change_link(row.charge)
        return row.get_held_because_display() or str(_("Not yet"))

    @column(_("started"), ordering="started_at")
    def began(self, row: ForeignCdr) -> str:
        return when(row.started_at)

    @column(_("energy"))
    def energy(self, row: ForeignCdr) -> str:
        return kwh(row.energy_wh)
