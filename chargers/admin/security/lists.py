"""Lists: security events, certificates, authorities, roots, refused handshakes, adoption."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.models import (
    AdoptionDoor,
    CertificateAuthority,
    ChargerCertificate,
    InstalledCertificate,
    RefusedHandshake,
    SecurityEvent,
)
from chargers.services.certificates.installed import delete_root
from chargers.services.certificates.signing import revoke_certificate
from chargers.services.registration.adopting import close_door
from chargers.services.security.events import see_events
from cpo.models import User
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, run_for_each

_SEVERITIES = {"critical": "danger", "notice": "info"}
_CERTIFICATES = {"installed": "success", "denied": "danger", "refused": "danger"}


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "of", "kind", "weight", "tech_info", "occurred_at", "seen_at")
    list_filter = (
        "severity",
        ("seen_at", admin.EmptyFieldListFilter),
        ("charger", AutocompleteSelectFilter),
        ("received_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger",)
    search_fields = ("kind", "charger__identity")
    ordering = ("-received_at", "-id")
    actions = ("see",)

    @column(_("charger"), ordering="charger__identity")
    def of(self, event: SecurityEvent) -> Any:
        return change_link(event.charger, event.charger.identity)

    @column(_("severity"), ordering="severity", label=_SEVERITIES)
    def weight(self, event: SecurityEvent) -> Any:
        return event.severity, event.get_severity_display()

    @admin.action(description=_("Mark as seen"))
    def see(self, request: HttpRequest, events: QuerySet[SecurityEvent]) -> None:
        see_events(events, actor=cast("User", request.user))


@admin.register(ChargerCertificate)
class ChargerCertificateAdmin(ReadOnlyAdmin):
    list_display = ("requested_at", "of", "state", "subject", "serial", "not_after", "reason")
    list_filter = ("status", ("charger", AutocompleteSelectFilter))
    list_select_related = ("charger",)
    search_fields = ("serial", "subject", "charger__identity")
    ordering = ("-requested_at",)
    actions = ("revoke",)

    @column(_("charger"), ordering="charger__identity")
    def of(self, row: ChargerCertificate) -> Any:
        return change_link(row.charger, row.charger.identity)

    @column(_("status"), ordering="status", label=_CERTIFICATES)
    def state(self, row: ChargerCertificate) -> Any:
        return row.status, row.get_status_display()

    @admin.action(description=_("Revoke"))
    def revoke(self, request: HttpRequest, rows: QuerySet[ChargerCertificate]) -> None:
        actor = cast("User", request.user)
        run_for_each(self, request, rows, lambda row: revoke_certificate(row, actor=actor))


@admin.register(CertificateAuthority)
class CertificateAuthorityAdmin(ReadOnlyAdmin):
    list_display = ("name", "role", "active", "not_after", "created_at")
    exclude = ("private_key",)


@admin.register(InstalledCertificate)
class InstalledCertificateAdmin(ReadOnlyAdmin):
    list_display = ("of", "use", "serial_number", "hash_algorithm", "reported_at")
    list_filter = ("use", ("charger", AutocompleteSelectFilter))
    list_select_related = ("charger",)
    search_fields = ("serial_number", "charger__identity")
    actions = ("delete_at_charger",)

    @column(_("charger"), ordering="charger__identity")
    def of(self, row: InstalledCertificate) -> Any:
        return change_link(row.charger, row.charger.identity)

    @admin.action(description=_("Delete at the charger"))
    def delete_at_charger(self, request: HttpRequest, rows: QuerySet[InstalledCertificate]) -> None:
        actor = cast("User", request.user)
        run_for_each(self, request, rows, lambda row: delete_root(row, actor=actor))


@admin.register(RefusedHandshake)
class RefusedHandshakeAdmin(ReadOnlyAdmin):
    list_display = (
        "last_seen_at",
        "of",
        "reason",
        "attempts",
        "remote_address",
        "subprotocols",
        "asked_for",
    )
    list_filter = ("reason", ("last_seen_at", RangeDateTimeFilter))
    list_select_related = ("charger",)
    search_fields = ("charger__identity", "remote_address")
    ordering = ("-last_seen_at",)

    @column(_("charger"), ordering="charger__identity")
    def of(self, row: RefusedHandshake) -> Any:
        return change_link(row.charger, row.charger.identity)


@admin.register(AdoptionDoor)
class AdoptionDoorAdmin(ReadOnlyAdmin):
    """Opened on a location's page."""

    list_display = ("cpo", "location", "accepts", "hourly_limit", "opened_at")
    list_select_related = ("cpo", "location")
    actions = ("close",)

    @admin.action(description=_("Close: adopt no more chargers by themselves"))
    def close(self, request: HttpRequest, doors: QuerySet[AdoptionDoor]) -> None:
        actor = cast("User", request.user)
        run_for_each(self, request, doors, lambda door: close_door(door, actor=actor))
