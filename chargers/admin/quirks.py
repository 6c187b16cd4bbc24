from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, ChargerQuirks, ModelQuirks
from chargers.ocpp.character import character_of
from chargers.ocpp.quirks import NAMES, explain, load_rulebook
from chargers.services.quirks import announce_quirks
from cpo.admin import AuditedAdmin
from unievp.lib.admin import DeskTabularInline, column


@admin.register(ModelQuirks)
class ModelQuirksAdmin(AuditedAdmin):
    list_display = ("name", "vendor_pattern", "model_pattern", "says", "priority", "active")
    list_filter = ("active",)
    search_fields = ("name", "vendor_pattern", "model_pattern", "note")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "active"),
                    ("vendor_pattern", "model_pattern"),
                    ("firmware_pattern", "priority"),
                )
            },
        ),
        (
            _("What is different"),
            {
                "description": _("An empty field says nothing."),
                "fields": (
                    ("energy_factor", "energy_register"),
                    ("local_time", "start_answer_delay_ms"),
                    ("assume_ocpp16", "breaks_on_pings"),
                    "ping_interval_s",
                ),
            },
        ),
        (_("Why"), {"fields": ("note", "source")}),
    )

    @column(_("what is different"))
    def says(self, row: ModelQuirks) -> str:
        return ", ".join(f"{label}: {value}" for label, value in _said(row)) or "-"

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: Any) -> None:
        super().save_model(request, obj, form, change)
        announce_quirks()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        announce_quirks()


class ChargerQuirksInline(DeskTabularInline):
    model = ChargerQuirks
    tab = True
    extra = 0
    max_num = 1


def effective_quirks(charger: Charger) -> SafeString | str:
    """What is in force at this charger, and which rule says so."""
    character = character_of(charger, load_rulebook())
    reasons = explain(character.rules, character.make, character.own)
    lines = [
        (
            _label(reason.field),
            _shown(reason.field, reason.value),
            reason.rule or _("set for this charger"),
        )
        for reason in reasons
    ]
    return format_html_join("", "<div>{}: <b>{}</b> ({})</div>", lines) if lines else "-"


def _said(row: ModelQuirks) -> list[tuple[str, Any]]:
    values = ((name, getattr(row, name)) for name in NAMES)
    return [
        (_label(name), _shown(name, value)) for name, value in values if value not in (None, "")
    ]


def _label(name: str) -> str:
    label = str(ModelQuirks._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return label[:1].upper() + label[1:]


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    field = ModelQuirks._meta.get_field(name)
    words = dict(getattr(field, "flatchoices", ()))
    return words.get(value, f"{value.normalize():f}" if name == "energy_factor" else value)
