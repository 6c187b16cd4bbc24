from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter

from payments.models import ChargeLimit
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, energy, money, when


@admin.register(ChargeLimit)
class ChargeLimitAdmin(ReadOnlyAdmin):
    list_display = ("start", "session", "most_energy", "most_money", "minutes", "reason", "created")
    list_filter = ("stop_reason", ("created_at", RangeDateTimeFilter))
    list_select_related = ("remote_start__charger", "remote_start__session")
    fields = (
        ("start", "session"),
        ("most_energy", "most_money", "minutes"),
        ("reason", "stop_tries", "stop"),
        ("created", "ended"),
    )
    readonly_fields = (
        "start", "session", "most_energy", "most_money", "minutes", "reason", "stop_tries", "stop",
        "created", "ended",
    )  # fmt: skip

    @column(_("remote start"), ordering="remote_start__charger__identity")
    def start(self, limit: ChargeLimit) -> SafeString | str:
        return change_link(limit.remote_start)

    @column(_("session"))
    def session(self, limit: ChargeLimit) -> SafeString | str:
        return change_link(limit.remote_start.session)

    @column(_("energy"), ordering="energy_wh")
    def most_energy(self, limit: ChargeLimit) -> Any:
        return energy(limit.energy_wh)

    @column(_("amount"), ordering="amount")
    def most_money(self, limit: ChargeLimit) -> Any:
        session = limit.remote_start.session
        return money(limit.amount, session.currency) if session else money(limit.amount)

    @column(_("reached"), ordering="stop_reason")
    def reason(self, limit: ChargeLimit) -> str:
        return str(limit.get_stop_reason_display()) if limit.stop_reason else "-"

    @column(_("latest stop"))
    def stop(self, limit: ChargeLimit) -> SafeString | str:
        return change_link(limit.stop_command)

    @column(_("created"), ordering="created_at")
    def created(self, limit: ChargeLimit) -> Any:
        return when(limit.created_at)

    @column(_("ended"))
    def ended(self, limit: ChargeLimit) -> Any:
        return when(limit.ended_at)
