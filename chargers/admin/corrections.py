from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from chargers.admin import colours
from chargers.models import SessionCorrection
from chargers.services.sessions.correcting import settle_correction
from cpo.models import User
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    energy,
    get_row,
    when,
)
from unievp.lib.admin.confirm import ReasonForm

DECIDE = ("chargers.change_chargingsession",)


@admin.register(SessionCorrection)
class SessionCorrectionAdmin(ReadOnlyAdmin):
    list_display = ("session_link", "state", "found", "billed", "by_charger", "doubts")
    list_filter = ("status",)
    list_select_related = ("session",)
    search_fields = ("session__charger__identity",)
    search_numbers = ("session__transaction_id",)
    actions_detail = ("settle",)
    fields = (
        ("session_link", "state"),
        ("billed", "by_charger"),
        ("billed_end", "end_by_charger"),
        ("found", "doubts"),
        ("resolution", "resolved_by"),
        ("resolved",),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)

    @column(_("session"))
    def session_link(self, correction: SessionCorrection) -> SafeString | str:
        return change_link(correction.session)

    @column(_("status"), ordering="status", label=colours.CORRECTION)
    def state(self, correction: SessionCorrection) -> Any:
        return correction.status, correction.get_status_display()

    @column(_("found"), ordering="found_at")
    def found(self, correction: SessionCorrection) -> str:
        return when(correction.found_at)

    @column(_("energy billed"))
    def billed(self, correction: SessionCorrection) -> str:
        return energy(correction.billed_energy_wh)

    @column(_("energy by the charger"))
    def by_charger(self, correction: SessionCorrection) -> str:
        return energy(correction.energy_wh)

    @column(_("end billed"))
    def billed_end(self, correction: SessionCorrection) -> str:
        return when(correction.billed_ended_at)

    @column(_("end by the charger"))
    def end_by_charger(self, correction: SessionCorrection) -> str:
        return when(correction.ended_at)

    @column(_("settled"))
    def resolved(self, correction: SessionCorrection) -> str:
        return when(correction.resolved_at)

    @detail_action(_("Settled"), url_path="settle", icon="check", permissions=DECIDE)
    def settle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        correction = get_row(self, request, object_id)
        question = Question(
            title=_("This correction is settled"),
            text=_("Say how the difference to the bill was made good."),
            submit=_("Settled"),
            form_class=ReasonForm,
        )

        def run(answer: dict[str, Any]) -> None:
            actor = cast("User", request.user)
            settle_correction(correction, resolution=answer["reason"], actor=actor)

        return ask(self, request, correction, question, run)
