"""Whether the books are right, and what is to be explained."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter

from cpo.models import User
from payments.models import BooksProof, Difference, DifferenceStatus
from payments.services.reconciliation.proving import explain_difference
from unievp.lib.admin import Question, ReadOnlyAdmin, ask, column, detail_action, get_row
from unievp.lib.admin.confirm import ReasonForm

_COLOURS = {
    DifferenceStatus.OPEN: "danger",
    DifferenceStatus.EXPLAINED: "warning",
    DifferenceStatus.RESOLVED: "success",
}


@admin.register(BooksProof)
class BooksProofAdmin(ReadOnlyAdmin):
    list_display = ("day", "at", "checks", "found", "result")
    list_filter = (("at", RangeDateTimeFilter),)
    fields = ("day", ("at", "took_ms"), ("checks", "found"), "result")
    readonly_fields = ("result",)

    @column(_("result"), label={"ok": "success", "differs": "danger"})
    def result(self, proof: BooksProof) -> Any:
        return ("differs", _("Differences found")) if proof.found else ("ok", _("Proven"))


@admin.register(Difference)
class DifferenceAdmin(ReadOnlyAdmin):
    list_display = ("kind", "subject", "expected", "found", "state", "nights", "last_seen_at")
    list_filter = ("status", ("last_seen_at", RangeDateTimeFilter))
    list_select_related = ("decided_by",)
    search_fields = ("subject", "kind")
    actions_detail = ("explain",)
    fields = (
        ("kind", "subject"),
        ("expected", "found"),
        ("state", "decided_by"),
        "reason",
        ("first_seen_at", "last_seen_at", "nights", "resolved_at"),
    )
    readonly_fields = ("state",)

    @column(_("status"), ordering="status", label=_COLOURS)
    def state(self, difference: Difference) -> Any:
        return difference.status, difference.get_status_display()

    @detail_action(
        _("Explain"),
        url_path="explain",
        icon="edit_note",
        permissions=("payments.change_difference",),
    )
    def explain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        difference = get_row(self, request, object_id)
        question = Question(
            title=_("Explain this difference"),
            text=_("Nothing is booked. It stays here until its cause is gone."),
            submit=_("Explain"),
            form_class=ReasonForm,
        )

        def run(answer: dict[str, Any]) -> None:
            explain_difference(
                difference, reason=answer["reason"], actor=cast("User", request.user)
            )

        return ask(self, request, difference, question, run)
