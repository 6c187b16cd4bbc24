from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from chargers.admin.maintenance import colours
from chargers.models import ConfigurationRun, ConfigurationRunItem, RunItemStatus
from chargers.services.configuration import runs
from cpo.models import User
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

# The right to steer; the pages themselves edit nothing.
_STEER = ("steer",)
_OPEN = Q(items__status__in=(RunItemStatus.WAITING, RunItemStatus.WORKING))
_MOST_SHOWN = 100


class ItemAdminMixin:
    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, item: ConfigurationRunItem) -> SafeString | str:
        return change_link(item.charger, item.charger.identity)

    @column(_("status"), ordering="status", label=colours.RUN_ITEM)
    def state(self, item: ConfigurationRunItem) -> Any:
        return item.status, item.get_status_display()

    @column(_("charger says"))
    def answers(self, item: ConfigurationRunItem) -> SafeString | str:
        lines = (
            (f"{change.key} = {change.value}", change.answer or change.get_status_display())
            for change in item.changes.all()
        )
        return format_html_join("", "<div>{}: <b>{}</b></div>", lines) or "-"


class RunItemInline(ItemAdminMixin, ReadOnlyInline):
    model = ConfigurationRunItem
    fields = ("charger_link", "state", "answers", "error")
    readonly_fields = fields
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConfigurationRunItem]:
        rows: QuerySet[ConfigurationRunItem] = super().get_queryset(request)
        return rows.select_related("charger").prefetch_related("changes")


@admin.register(ConfigurationRunItem)
class ConfigurationRunItemAdmin(ItemAdminMixin, ReadOnlyAdmin):
    list_display = ("charger_link", "run_link", "state", "answers", "begun", "ended", "error")
    list_filter = (
        "status",
        ("run", AutocompleteSelectFilter),
        ("charger", AutocompleteSelectFilter),
    )
    list_select_related = ("charger", "run")
    search_fields = ("charger__identity", "run__name")
    fields = ("charger_link", "run_link", "state", "answers", "begun", "ended", "error")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConfigurationRunItem]:
        return super().get_queryset(request).prefetch_related("changes")

    @column(_("run"), ordering="run__name")
    def run_link(self, item: ConfigurationRunItem) -> SafeString | str:
        return change_link(item.run, item.run.name)

    @column(_("begun"), ordering="started_at")
    def begun(self, item: ConfigurationRunItem) -> str:
        return when(item.started_at)

    @column(_("finished"), ordering="finished_at")
    def ended(self, item: ConfigurationRunItem) -> str:
        return when(item.finished_at)


@admin.register(ConfigurationRun)
class ConfigurationRunAdmin(ReadOnlyAdmin):
    list_display = (
        "name", "state", "progress", "cpo", "requested_label", "created", "ended",
    )  # fmt: skip
    list_filter = (
        "status",
        ("cpo", AutocompleteSelectFilter),
        ("template", AutocompleteSelectFilter),
    )
    list_select_related = ("cpo", "template")
    search_fields = ("name", "requested_label")
    fields = (
        ("name", "state"),
        ("progress", "template_link"),
        ("parallel", "patience_h"),
        ("requested_label", "created"),
        ("ended", "chargers"),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)
    inlines = (RunItemInline,)
    actions_detail = ("pause", "resume", "cancel")

    def has_steer_permission(self, request: HttpRequest, _object_id: object = None) -> bool:
        return request.user.has_perm("chargers.change_configurationrun")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConfigurationRun]:
        rows: QuerySet[ConfigurationRun] = super().get_queryset(request)
        return rows.annotate(
            all_items=Count("items"),
            open_items=Count("items", filter=_OPEN),
            bad_items=Count(
                "items",
                filter=Q(items__status__in=(RunItemStatus.FAILED, RunItemStatus.PARTLY)),
            ),
        )

    @column(_("status"), ordering="status", label=colours.RUN)
    def state(self, run: ConfigurationRun) -> Any:
        return run.status, run.get_status_display()

    @column(_("progress"))
    def progress(self, run: Any) -> str:
        text = _("%(done)d of %(all)d, %(bad)d with refusals") % {
            "done": run.all_items - run.open_items,
            "all": run.all_items,
            "bad": run.bad_items,
        }
        return str(text)

    @column(_("template"))
    def template_link(self, run: ConfigurationRun) -> SafeString | str:
        return change_link(run.template)

    @column(_("chargers"))
    def chargers(self, run: ConfigurationRun) -> SafeString:
        return list_link("chargers.configurationrunitem", _("show"), run__id__exact=run.pk)

    @column(_("created"), ordering="created_at")
    def created(self, run: ConfigurationRun) -> str:
        return when(run.created_at)

    @column(_("finished"), ordering="finished_at")
    def ended(self, run: ConfigurationRun) -> str:
        return when(run.finished_at)

    @detail_action(_("Pause"), url_path="pause", icon="pause", permissions=_STEER)
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("Nothing more is sent until it is resumed.")
        return self._steer(request, object_id, _("Pause"), text, runs.pause_run)

    @detail_action(_("Resume"), url_path="resume", icon="play_arrow", permissions=_STEER)
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("It goes on where it stopped.")
        return self._steer(request, object_id, _("Resume"), text, runs.resume_run)

    @detail_action(_("Cancel"), url_path="cancel", icon="cancel", permissions=_STEER)
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("What was not sent is not sent any more.")
        return self._steer(request, object_id, _("Cancel"), text, runs.cancel_run)

    def _steer(
        self,
        request: HttpRequest,
        object_id: str,
        title: Any,
        text: Any,
        service: Callable[..., Any],
    ) -> HttpResponse:
        run = get_row(self, request, object_id)
        question = Question(title=title, text=text, submit=title)

        def do(_answer: dict[str, Any]) -> None:
            service(run, actor=cast("User", request.user))

        return ask(self, request, run, question, do)
