"""What opens a ticket by itself: on or off, after how long, how urgent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from cpo.admin import AuditedAdmin
from tickets.admin.colours import PRIORITY
from tickets.models import TicketRule
from unievp.lib.admin import column


@admin.register(TicketRule)
class TicketRuleAdmin(AuditedAdmin):
    """One row per kind, made by a migration: none is added, none is taken away."""

    list_display = ("shown", "enabled", "waits", "urgency", "category", "self_closing")
    list_filter = ("enabled",)
    fields = (("shown", "enabled"), ("after_minutes", "priority", "category"), "self_closing")
    readonly_fields = ("shown",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @column(_("rule"), ordering="kind")
    def shown(self, rule: TicketRule) -> str:
        return str(rule)

    @column(_("after"), ordering="after_minutes")
    def waits(self, rule: TicketRule) -> str:
        if not rule.after_minutes:
            return _text("at once")
        return _text("%(minutes)d min") % {"minutes": rule.after_minutes}

    @column(_("priority"), ordering="priority", label=PRIORITY)
    def urgency(self, rule: TicketRule) -> Any:
        return rule.priority, rule.get_priority_display()
