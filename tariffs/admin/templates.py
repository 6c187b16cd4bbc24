"""Tariffs: their names, their prices by versions, and what a session costs at them."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cpo.admin import AuditedAdmin
from cpo.models import User
from tariffs.admin.forms import NewTariffForm, PricesForm
from tariffs.admin.preview import preview_view
from tariffs.admin.words import told_prices
from tariffs.forms import rules_of_form
from tariffs.models import TariffTemplate, TariffVersion
from tariffs.selectors.versions import newest_version, version_in_force
from tariffs.services import templates
from unievp.lib import clock
from unievp.lib.admin import (
    Question,
    ReadOnlyInline,
    ask,
    ask_for_new,
    column,
    detail_action,
    get_row,
    list_link,
)
from unievp.lib.admin.confirm import ReasonForm


class VersionInline(ReadOnlyInline):
    model = TariffVersion
    fields = ("number", "valid_from", "currency", "tax_included", "note", "created_by")
    readonly_fields = fields
    ordering = ("-number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TariffVersion]:
        versions: QuerySet[TariffVersion] = super().get_queryset(request)
        return versions.select_related("template", "created_by")


@admin.register(TariffTemplate)
class TariffTemplateAdmin(AuditedAdmin):
    """Names and archives; what a tariff costs is in its versions, and those are written once."""

    list_display = ("name", "cpo", "newest", "uses", "archived_at", "created_at")
    list_filter = (("cpo", AutocompleteSelectFilter), ("archived_at", admin.EmptyFieldListFilter))
    list_select_related = ("cpo",)
    search_fields = ("name", "cpo__name")
    readonly_fields = ("cpo", "archived_at", "created_at", "uses", "prices")
    fields = (("name", "cpo"), "description", "prices", ("uses", "archived_at"), "created_at")
    inlines = (VersionInline,)
    actions_detail = ("new_prices", "preview", "compare", "archive")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TariffTemplate]:
        annotated: QuerySet[TariffTemplate] = (
            super()
            .get_queryset(request)
            .annotate(
                newest_number=Max("versions__number"),
                use_count=Count(
                    "assignments", filter=Q(assignments__valid_to__isnull=True), distinct=True
                ),
            )
        )
        return annotated

    def has_delete_permission(
        self, request: HttpRequest, obj: TariffTemplate | None = None
    ) -> bool:
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A tariff without prices sells nothing: both are made at once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        question = Question(
            title=_("New tariff"),
            text=_("Rupiah, tax included. Other rules are set through the API."),
            submit=_("Sell at these prices from now on"),
            form_class=NewTariffForm,
        )

        def make(values: dict[str, Any]) -> TariffTemplate:
            return templates.create_template(
                values["cpo"],
                name=values["name"],
                rules=rules_of_form(values, at=clock.now()),
                actor=cast("User", request.user),
            )

        return ask_for_new(self, request, question, make, done=_("Done."))

    @detail_action(_("New prices"), url_path="new-prices", icon="sell")
    def new_prices(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = get_row(self, request, object_id)
        question = Question(
            title=_("New prices"),
            text=_("Rupiah, tax included. A new version; sessions that run keep their price."),
            submit=_("Sell at these prices from now on"),
            form_class=PricesForm,
        )

        def run(answer: dict[str, Any]) -> None:
            rules = rules_of_form(answer, at=clock.now())
            actor = cast("User", request.user)
            templates.publish_version(template, rules=rules, actor=actor, note=answer["note"])

        return ask(self, request, template, question, run)

    @detail_action(
        _("What does it cost?"), url_path="preview", icon="calculate", permissions=("view",)
    )
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return preview_view(self, request, get_row(self, request, object_id))

    @detail_action(
        _("Compare past sessions"), url_path="compare", icon="compare", permissions=("view",)
    )
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page is above this app: it knows sessions."""
        template = get_row(self, request, object_id)
        return HttpResponseRedirect(reverse("admin:tariff_comparison", args=(template.pk,)))

    @detail_action(_("Archive"), url_path="archive", icon="inventory_2")
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = get_row(self, request, object_id)
        question = Question(
            title=_("Archive this tariff"),
            text=_("It gets no new versions, and its name is free again."),
            submit=_("Archive"),
            danger=True,
            form_class=ReasonForm,
        )

        def run(answer: dict[str, Any]) -> None:
            actor = cast("User", request.user)
            templates.archive_template(template, actor=actor, reason=answer["reason"])

        return ask(self, request, template, question, run)

    @column(_("newest version"), ordering="newest_number")
    def newest(self, template: Any) -> str:
        return f"v{template.newest_number}" if template.newest_number else "-"

    @column(_("prices"))
    def prices(self, template: TariffTemplate) -> SafeString | str:
        """Of the version that sells now, or will first."""
        version = version_in_force(template, clock.now()) or newest_version(template)
        return told_prices(version) if version else "-"

    @column(_("assigned to"), ordering="use_count")
    def uses(self, template: Any) -> SafeString | str:
        if template.pk is None:
            return "-"
        return list_link(
            "chargers.tariffassignment", template.use_count, template__id__exact=template.pk
        )
