from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin import colours
from chargers.models import Connector, ConnectorStatusChange
from cpo.admin import AuditedAdmin
from unievp.lib.admin import DeskTabularInline, ReadOnlyAdmin, column, power, since, when


class ConnectorInline(DeskTabularInline):
    model = Connector
    fields = ("number", "standard", "power_type", "max_power_w", "max_current_a", "state")
    readonly_fields = ("state",)
    show_change_link = True

    @column(_("status"), label=colours.CONNECTOR)
    def state(self, connector: Connector) -> Any:
        return connector.status, connector.get_status_display()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Connector)
class ConnectorAdmin(AuditedAdmin):
    list_display = (
        "__str__",
        "cpo",
        "state",
        "lasting",
        "error_code",
        "power_type",
        "standard",
        "limit",
    )
    list_filter = (
        "status",
        "power_type",
        "standard",
        ("charger__cpo", AutocompleteSelectFilter),
        ("charger", AutocompleteSelectFilter),
    )
    list_select_related = ("charger", "charger__cpo")
    search_fields = ("charger__identity", "charger__name")
    raw_id_fields = ("charger",)
    # What the charger reports is not typed in.
    readonly_fields = (
        "state",
        "status_at",
        "error_code",
        "vendor_error_code",
        "info",
        "forced_status",
    )
    fields = (
        "charger",
        "number",
        "standard",
        "power_type",
        "max_power_w",
        "max_current_a",
        "max_voltage_v",
        *readonly_fields,
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @column(_("CPO"), ordering="charger__cpo__name")
    def cpo(self, connector: Connector) -> str:
        return connector.charger.cpo.name

    @column(_("status"), ordering="status", label=colours.CONNECTOR)
    def state(self, connector: Connector) -> Any:
        return connector.status, connector.get_status_display()

    @column(_("for"), ordering="status_at")
    def lasting(self, connector: Connector) -> str:
        return since(connector.status_at)

    @column(_("power"), ordering="max_power_w")
    def limit(self, connector: Connector) -> str:
        return power(connector.max_power_w)


@admin.register(ConnectorStatusChange)
class ConnectorStatusChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "reported",
        "charger",
        "connector_number",
        "state",
        "error_code",
        "info",
        "received",
    )
    list_filter = (
        ("charger", AutocompleteSelectFilter),
        "status",
        ("reported_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger",)
    search_fields = ("charger__identity", "error_code", "vendor_error_code")
    ordering = ("-received_at",)

    @column(_("reported"), ordering="reported_at")
    def reported(self, change: ConnectorStatusChange) -> str:
        return when(change.reported_at)

    @column(_("received"), ordering="received_at")
    def received(self, change: ConnectorStatusChange) -> str:
        return when(change.received_at)

    @column(_("status"), ordering="status", label=colours.CONNECTOR)
    def state(self, change: ConnectorStatusChange) -> Any:
        return change.status, change.status
