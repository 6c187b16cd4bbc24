from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin import colours
from chargers.models import Connector, ConnectorStatus, ConnectorStatusChange
from chargers.selectors import statuses
from chargers.selectors.reservations import with_held
from cpo.admin import AuditedAdmin
from unievp.lib.admin import (
    DeskTabularInline,
    ReadOnlyAdmin,
    column,
    detail_action,
    get_row,
    power,
    since,
    when,
)


def shown_status(connector: Connector) -> tuple[str, str]:
    """What the charger said last; without its connection nobody knows what is true now."""
    word = connector.get_status_display()
    presence = getattr(connector.charger, "presence", None)
    if presence is not None and presence.online:
        return connector.status, word
    if connector.status == ConnectorStatus.UNKNOWN:
        return "", word
    at = presence and (presence.disconnected_at or presence.last_seen_at)
    if at is None:
        return "", _text("%(status)s, offline") % {"status": word}
    return "", _text("%(status)s, offline since %(time)s") % {"status": word, "time": when(at)}


class ConnectorInline(DeskTabularInline):
    model = Connector
    fields = ("number", "standard", "power_type", "max_power_w", "max_current_a", "state")
    readonly_fields = ("state",)
    show_change_link = True

    @column(_("status"), label=colours.CONNECTOR)
    def state(self, connector: Connector) -> Any:
        return shown_status(connector)

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
    list_select_related = ("charger", "charger__cpo", "charger__presence")
    actions_detail = ("reserve",)
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

    @detail_action(_("Reserve"), url_path="reserve", icon="event_available")
    def reserve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        connector = get_row(self, request, object_id)
        url = reverse("admin:chargers_charger_reserve", args=(connector.charger_id,))
        return HttpResponseRedirect(f"{url}?connector={connector.number}")

    @column(_("CPO"), ordering="charger__cpo__name")
    def cpo(self, connector: Connector) -> str:
        return connector.charger.cpo.name

    @column(_("status"), ordering="status", label=colours.CONNECTOR)
    def state(self, connector: Connector) -> Any:
        return shown_status(connector)

    @column(pgettext_lazy("duration", "for"), ordering="status_at")
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
        "hint",
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
    # As they came: a month of a large fleet is not sorted for one page.
    ordering = ("-id",)

    @column(_("reported"), ordering="reported_at")
    def reported(self, change: ConnectorStatusChange) -> str:
        return when(change.reported_at)

    @column(_("received"), ordering="received_at")
    def received(self, change: ConnectorStatusChange) -> str:
        return when(change.received_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConnectorStatusChange]:
        return with_held(statuses.with_previous(super().get_queryset(request)))

    @column(_("hint"))
    def hint(self, change: ConnectorStatusChange) -> str:
        before = getattr(change, "previous_status", None)
        hints = []
        if statuses.is_odd_for_the_whole(change.connector_number, change.status):
            hints.append(_text("not a status of a whole charger"))
        elif not statuses.is_foreseen(before, change.status):
            hints.append(_text("not foreseen after %(status)s") % {"status": before})
        if statuses.has_warning(change.status, change.error_code):
            hints.append(_text("a warning, no fault"))
        if change.status == ConnectorStatus.RESERVED and not getattr(change, "held", True):
            hints.append(_text("no reservation of ours"))
        freed = (before, change.status) == (ConnectorStatus.RESERVED, ConnectorStatus.AVAILABLE)
        if freed and getattr(change, "still_held", False):
            hints.append(_text("given up, although it is reserved"))
        return "; ".join(hints) or "-"

    @column(_("status"), ordering="status", label=colours.CONNECTOR)
    def state(self, change: ConnectorStatusChange) -> Any:
        return change.status, change.status
