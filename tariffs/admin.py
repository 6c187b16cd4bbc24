from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from cpo.admin import AuditedAdmin
from cpo.models import User
from tariffs.models import TariffElement, TariffTemplate, TariffVersion
from tariffs.pricing.simple import SimpleTariff, simple_rules
from tariffs.services import templates
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    list_link,
    when,
)
from unievp.lib.admin.confirm import ReasonForm


def _price(label: Any, *, required: bool = True, initial: int | None = None) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=required,
        initial=initial,
        min_value=0,
        max_digits=14,
        decimal_places=4,
        widget=UnfoldAdminDecimalFieldWidget(),
    )


class PricesForm(forms.Form):
    """The fields of `SimpleTariff`, and the version's note."""

    per_kwh = _price(_("Per kWh"))
    night_per_kwh = _price(_("Per kWh from 22:00 to 05:00 (empty: the same)"), required=False)
    session_fee = _price(_("Per session"), initial=0)
    idle_per_minute = _price(_("Per minute of standing on after charging"), initial=0)
    idle_grace_minutes = forms.IntegerField(
        label=_("Minutes of grace before that"),
        min_value=0,
        max_value=1440,
        initial=15,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget()
    )


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
    autocomplete_fields = ("cpo",)
    readonly_fields = ("archived_at", "created_at", "uses")
    fields = (("name", "cpo"), "description", ("uses", "archived_at"), "created_at")
    inlines = (VersionInline,)
    actions_detail = ("new_prices", "archive")

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

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A tariff without prices sells nothing: `create_template` makes both at once."""
        return False

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
            note = answer.pop("note")
            rules = simple_rules(SimpleTariff(**answer))
            actor = cast("User", request.user)
            templates.publish_version(template, rules=rules, actor=actor, note=note)

        return ask(self, request, template, question, run)

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

    @column(_("assigned to"), ordering="use_count")
    def uses(self, template: Any) -> SafeString | str:
        if template.pk is None:
            return "-"
        return list_link(
            "chargers.tariffassignment", template.use_count, template__id__exact=template.pk
        )


@admin.register(TariffVersion)
class TariffVersionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "cpo", "begins", "currency", "tax_included", "note", "author")
    list_filter = (
        ("template", AutocompleteSelectFilter),
        ("template__cpo", AutocompleteSelectFilter),
        ("valid_from", RangeDateTimeFilter),
    )
    list_select_related = ("template__cpo", "created_by")
    search_fields = ("template__name", "note")
    date_hierarchy = "valid_from"
    fields = (
        ("tariff", "number"),
        ("begins", "currency"),
        ("tax_included", "free_below_wh"),
        ("min_price_excl", "max_price_excl"),
        ("min_price_incl", "max_price_incl"),
        "prices",
        ("note", "author"),
        "created_at",
    )
    readonly_fields = (
        "tariff", "number", "begins", "currency", "tax_included", "free_below_wh",
        "min_price_excl", "max_price_excl", "min_price_incl", "max_price_incl",
        "prices", "note", "author", "created_at",
    )  # fmt: skip

    @column(_("CPO"), ordering="template__cpo__name")
    def cpo(self, version: TariffVersion) -> str:
        return version.template.cpo.name

    @column(_("tariff"))
    def tariff(self, version: TariffVersion) -> SafeString | str:
        return change_link(version.template)

    @column(_("valid from"), ordering="valid_from")
    def begins(self, version: TariffVersion) -> str:
        return when(version.valid_from)

    @column(_("created by"))
    def author(self, version: TariffVersion) -> str:
        return version.created_by.get_username() if version.created_by else "-"

    @column(_("prices"))
    def prices(self, version: TariffVersion) -> SafeString:
        """Every element in the order it is tried: its restrictions, then its prices."""
        elements = version.elements.order_by("position").prefetch_related("components")
        return format_html_join("", '<div class="mb-2">{}</div>', ((_row(e),) for e in elements))


def _row(element: TariffElement) -> SafeString:
    prices = "; ".join(
        f"{part.get_kind_display()} {part.price.normalize():f}" for part in element.components.all()
    )
    return format_html("<strong>{}</strong> · {}", prices, _restrictions(element))


# Not restrictions: which row it is.
_OWN = frozenset({"id", "version", "position"})


def _restrictions(element: TariffElement) -> str:
    set_ones = [
        f"{field.verbose_name}: {value}"
        for field in element._meta.concrete_fields
        if field.name not in _OWN and (value := getattr(element, field.name)) not in (None, "", [])
    ]
    return ", ".join(set_ones) or str(_("always"))
