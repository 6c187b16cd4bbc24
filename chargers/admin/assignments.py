from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin.tariff_comparison import comparison_view
from chargers.models import TariffAssignment
from chargers.services.assignments import assign_tariff, end_assignment
from cpo.models import User
from unievp.lib import clock
from unievp.lib.admin import AppendOnlyAdmin, Question, ask, column, detail_action, get_row


@admin.register(TariffAssignment)
class TariffAssignmentAdmin(AppendOnlyAdmin):
    """Assigned and ended by the service, which knows the law's caps; never edited."""

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
    actions_detail = ("end",)

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "of/<int:template_id>/compare",
            self.admin_site.admin_view(self.compare),
            name="tariff_comparison",
        )
        return [own, *super().get_urls()]

    def compare(self, request: HttpRequest, template_id: int) -> HttpResponse:
        return comparison_view(self, request, template_id)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"valid_from": clock.now(), **super().get_changeform_initial_data(request)}

    def save_model(
        self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: Any
    ) -> None:
        wanted = cast("TariffAssignment", obj)
        made = assign_tariff(
            wanted.charger,
            template=wanted.template,
            connector=wanted.connector,
            valid_from=wanted.valid_from,
            valid_to=wanted.valid_to,
            actor=cast("User", request.user),
        )
        wanted.pk = made.pk

    @detail_action(_("End now"), url_path="end", icon="event_busy", permissions=("view",))
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        assignment = get_row(self, request, object_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        question = Question(
            title=_("Sell at it no longer"),
            text=_("From now on; one that has not begun is removed. Sessions keep their price."),
            submit=_("End now"),
            danger=True,
        )
        return ask(self, request, assignment, question, lambda _: self._end(request, assignment))

    def _end(self, request: HttpRequest, assignment: TariffAssignment) -> HttpResponse | None:
        end_assignment(assignment, actor=cast("User", request.user))
        gone = not TariffAssignment.objects.filter(pk=assignment.pk).exists()
        return self.response_post_save_change(request, assignment) if gone else None

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
