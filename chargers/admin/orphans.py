from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.models import OrphanStop
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, energy, when


@admin.register(OrphanStop)
class OrphanStopAdmin(ReadOnlyAdmin):
    list_display = (
        "transaction",
        "charger_link",
        "id_tag",
        "ended",
        "received",
        "meter",
        "reason",
        "session_link",
    )
    list_filter = (
        ("session", admin.EmptyFieldListFilter),
        ("charger", AutocompleteSelectFilter),
        ("received_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger", "session")
    search_fields = ("charger__identity", "id_tag__iexact")
    search_numbers = ("transaction_id",)
    fields = (
        ("transaction", "charger_link"),
        ("ended", "received"),
        ("meter", "reason"),
        ("id_tag", "session_link"),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)

    @column(_("transaction"), ordering="transaction_id")
    def transaction(self, stop: OrphanStop) -> str:
        return f"#{stop.transaction_id}"

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, stop: OrphanStop) -> SafeString | str:
        return change_link(stop.charger, stop.charger.identity)

    @column(_("claimed by"))
    def session_link(self, stop: OrphanStop) -> SafeString | str:
        return change_link(stop.session)

    @column(_("ended"), ordering="ended_at")
    def ended(self, stop: OrphanStop) -> str:
        return when(stop.ended_at)

    @column(_("received"), ordering="received_at")
    def received(self, stop: OrphanStop) -> str:
        return when(stop.received_at)

    @column(_("meter at stop"))
    def meter(self, stop: OrphanStop) -> str:
        return energy(stop.meter_stop_wh)
