"""Partners: who is connected, what each module is doing, and what staff can do about it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cpo.admin.audited import AuditedAdmin
from ocpi.admin.partner_actions import PartnerActions
from ocpi.models import (
    Partner,
    PartnerEndpoint,
    PartnerParty,
    PartnerStatus,
    Push,
    PushStatus,
)
from unievp.lib.admin import (
    ReadOnlyInline,
    column,
    list_link,
    since,
    when,
)

_COLOURS: Final = {
    PartnerStatus.INVITED: "info",
    PartnerStatus.REGISTERED: "success",
    PartnerStatus.SUSPENDED: "warning",
    PartnerStatus.DISCONNECTED: "danger",
}


class PartyInline(ReadOnlyInline):
    model = PartnerParty
    fields = readonly_fields = ("role", "country_code", "party_id", "name", "website")


class EndpointInline(ReadOnlyInline):
    model = PartnerEndpoint
    fields = readonly_fields = ("identifier", "role", "url")


@admin.register(Partner)
class PartnerAdmin(PartnerActions, AuditedAdmin):
    """A new one gets a token to register with, or we register with it."""

    list_display = ("name", "company", "state", "heard", "reached", "waiting", "dead", "error")
    list_filter = ("status", ("cpo", AutocompleteSelectFilter))
    list_select_related = ("cpo",)
    search_fields = ("name", "parties__party_id", "versions_url")
    autocomplete_fields = ("cpo",)
    fields = (
        "name",
        "cpo",
        "token_encoding",
        "realtime_by_choice",
        "ask_about_unknown",
        "margin_percent",
        "state",
        "versions_url",
        "version",
        "since_when",
        "heard",
        "reached",
        "error",
        "modules",
        "wire_log",
    )
    readonly_fields = (
        "state",
        "versions_url",
        "version",
        "since_when",
        "heard",
        "reached",
        "error",
        "modules",
        "wire_log",
    )
    inlines = (PartyInline, EndpointInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        rows: QuerySet[Partner] = super().get_queryset(request)
        return rows.annotate(
            waiting_pushes=Count("pushes", filter=Q(pushes__status=PushStatus.WAITING)),
            dead_pushes=Count("pushes", filter=Q(pushes__status=PushStatus.DEAD)),
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @column(_("sees"), ordering="cpo__name")
    def company(self, partner: Partner) -> str:
        return str(partner.cpo) if partner.cpo else str(_("Every verified CPO"))

    @column(_("status"), label=_COLOURS)
    def state(self, partner: Partner) -> Any:
        return partner.status, partner.get_status_display()

    @column(_("connected since"))
    def since_when(self, partner: Partner) -> str:
        return when(partner.registered_at) if partner.registered_at else "-"

    @column(_("last heard of"), ordering="last_heard_at")
    def heard(self, partner: Partner) -> str:
        return since(partner.last_heard_at) if partner.last_heard_at else "-"

    @column(_("last reached"), ordering="last_reached_at")
    def reached(self, partner: Partner) -> str:
        return since(partner.last_reached_at) if partner.last_reached_at else "-"

    @column(_("waiting"))
    def waiting(self, partner: Any) -> str:
        return self._pushes(partner, partner.waiting_pushes, PushStatus.WAITING)

    @column(_("given up"))
    def dead(self, partner: Any) -> str:
        return self._pushes(partner, partner.dead_pushes, PushStatus.DEAD)

    @column(_("last error"), ordering="last_error_at")
    def error(self, partner: Partner) -> str:
        if not partner.last_error or partner.last_error_at is None:
            return "-"
        return f"{partner.last_error} ({since(partner.last_error_at)})"

    @column(_("modules"))
    def modules(self, partner: Partner) -> str:
        """One line per module: how much is delivered, on its way, given up."""
        counts = (
            Push.objects.filter(partner=partner)
            .values("module", "status")
            .annotate(rows=Count("pk"))
            .order_by("module", "status")
        )
        lines = [
            (one["module"], PushStatus(one["status"]).label, str(one["rows"])) for one in counts
        ]
        return format_html_join("", "{}: {} {}<br>", lines) or "-"

    @column(_("log"))
    def wire_log(self, partner: Partner) -> str:
        return list_link("ocpi.Exchange", _("Requests and answers"), partner__id__exact=partner.pk)

    def _pushes(self, partner: Partner, count: int, status: PushStatus) -> str:
        if not count:
            return "-"
        return list_link(
            "ocpi.Push", count, partner__id__exact=partner.pk, status__exact=status.value
        )
