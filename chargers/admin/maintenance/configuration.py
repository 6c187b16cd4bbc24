from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.models import (
    Charger,
    ConfigurationKey,
    ConfigurationTemplate,
    ConfigurationTemplateKey,
)
from chargers.services.configuration.runs import start_template_run
from cpo.admin import AuditedAdmin
from cpo.models import User
from unievp.lib.admin import (
    DeskTabularInline,
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    list_link,
    when,
)
from unievp.lib.admin.confirm import change_page


@admin.register(ConfigurationKey)
class ConfigurationKeyAdmin(ReadOnlyAdmin):
    list_display = ("key", "charger_link", "value_text", "read_only", "known", "read")
    list_filter = (
        ("charger", AutocompleteSelectFilter),
        ("charger__cpo", AutocompleteSelectFilter),
        "known",
        "read_only",
        ("read_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger",)
    search_fields = ("key", "charger__identity")
    fields = ("charger_link", "key", "value", "read_only", "known", "read")
    readonly_fields = fields

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, row: ConfigurationKey) -> SafeString | str:
        return change_link(row.charger, row.charger.identity)

    @column(_("value"), ordering="value")
    def value_text(self, row: ConfigurationKey) -> str:
        return row.value if len(row.value) <= 80 else f"{row.value[:79]}…"

    @column(_("read"), ordering="read_at")
    def read(self, row: ConfigurationKey) -> str:
        return when(row.read_at)


class TemplateKeyInline(DeskTabularInline):
    model = ConfigurationTemplateKey
    fields = ("key", "value", "insist")
    extra = 1


@admin.register(ConfigurationTemplate)
class ConfigurationTemplateAdmin(AuditedAdmin):
    list_display = (
        "name",
        "cpo",
        "vendor_pattern",
        "model_pattern",
        "firmware_pattern",
        "key_count",
        "policy",
        "priority",
        "active",
    )
    list_filter = (("cpo", AutocompleteSelectFilter), "active", "policy")
    list_select_related = ("cpo",)
    search_fields = ("name", "vendor_pattern", "model_pattern")
    autocomplete_fields = ("cpo",)
    inlines = (TemplateKeyInline,)
    fields = (
        ("name", "cpo"),
        ("vendor_pattern", "model_pattern", "firmware_pattern"),
        ("policy", "priority", "active"),
        "runs",
    )
    readonly_fields = ("runs",)
    actions_detail = ("apply",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConfigurationTemplate]:
        rows: QuerySet[ConfigurationTemplate] = super().get_queryset(request)
        return rows.annotate(keys_wanted=Count("keys"))

    @column(_("keys"), ordering="keys_wanted")
    def key_count(self, template: Any) -> int:
        return int(template.keys_wanted)

    @column(_("runs"))
    def runs(self, template: ConfigurationTemplate) -> SafeString | str:
        if template._state.adding:
            return "-"
        return list_link("chargers.configurationrun", _("show"), template__id__exact=template.pk)

    @detail_action(_("Apply to all chargers that it fits"), url_path="apply", icon="playlist_play")
    def apply(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = get_row(self, request, object_id)
        chargers = Charger.objects.filter(retired_at__isnull=True).select_related("cpo")
        if template.cpo_id is not None:
            chargers = chargers.filter(cpo_id=template.cpo_id)
        fitting = [charger for charger in chargers if template.fits(charger)]
        question = Question(
            title=_("Apply this template"),
            text=_("It fits %(count)d chargers. Each is sent only what differs.")
            % {"count": len(fitting)},
            submit=_("Apply"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            actor = cast("User", request.user)
            started = start_template_run(template, chargers=fitting, actor=actor)
            return HttpResponseRedirect(change_page(started))

        return ask(self, request, template, question, run)
