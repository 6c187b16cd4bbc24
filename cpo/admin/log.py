from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from cpo.models import AuditEntry
from unievp.lib.admin import ReadOnlyAdmin, column, pretty_json, when
from unievp.lib.admin.links import change_url, link


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("time", "actor_label", "action", "subject", "cpo", "changed", "reason")
    list_filter = (
        ("at", RangeDateTimeFilter),
        ("cpo", AutocompleteSelectFilter),
        ("actor", AutocompleteSelectFilter),
    )
    list_select_related = ("cpo",)
    search_fields = ("=subject_id", "action", "subject_label", "actor_label")
    fields = ("time", "actor_label", "cpo", "action", "subject", "reason", "was", "is_now")
    readonly_fields = fields

    @column(_("time"), ordering="at")
    def time(self, entry: AuditEntry) -> str:
        return when(entry.at)

    @column(_("object"))
    def subject(self, entry: AuditEntry) -> SafeString | str:
        text = entry.subject_label or entry.subject_id
        try:
            apps.get_model(entry.subject_type)
            return link(change_url(entry.subject_type, entry.subject_id), text)
        except (LookupError, ValueError, NoReverseMatch):
            return text

    @column(_("changed"))
    def changed(self, entry: AuditEntry) -> str:
        return ", ".join(sorted({*entry.before, *entry.after})) or "-"

    @column(_("before"))
    def was(self, entry: AuditEntry) -> Any:
        return pretty_json(entry.before)

    @column(_("after"))
    def is_now(self, entry: AuditEntry) -> Any:
        return pretty_json(entry.after)
