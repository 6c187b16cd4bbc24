from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin import colours
from chargers.admin.curve import session_curve
from chargers.admin.evidence import evidence_of
from chargers.admin.session_actions import SessionActions
from chargers.models import ChargingSession, SessionStatusChange
from chargers.selectors.history import matching
from cpo.models import User
from unievp.lib import clock
from unievp.lib.admin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    change_link,
    changelist_url,
    column,
    energy,
    list_link,
    money,
    power,
    pretty_json,
    when,
)
from unievp.lib.admin.links import link, links

# Pairs: side by side on the session's page.
_ENERGY = (
    ("delivered", "load"),
    ("meter_start_wh", "meter_stop_wh"),
    ("meter_last_wh", "last_reading_at"),
    ("soc_percent", "lasted"),
)
_WHO = (
    ("id_tag", "id_token"),
    ("driver_link", "verdict"),
    ("started", "ended"),
    ("stop_reason", "stop_id_tag"),
)


class StatusChangeInline(ReadOnlyInline):
    model = SessionStatusChange
    fields = ("at", "status", "reason")
    readonly_fields = fields
    show_change_link = False


@admin.register(ChargingSession)
class ChargingSessionAdmin(SessionActions, ReadOnlyAdmin):
    list_display = (
        "number",
        "state",
        "place",
        "cpo",
        "id_tag",
        "started",
        "lasted",
        "delivered",
        "price",
        "billing",
    )
    list_filter = (
        "status",
        "billing_status",
        "authorization",
        ("cpo", AutocompleteSelectFilter),
        ("charger", AutocompleteSelectFilter),
        ("driver", AutocompleteSelectFilter),
        ("id_token", AutocompleteSelectFilter),
        ("started_at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "charger", "connector")
    # That there is a search at all; `get_search_results` is how.
    search_fields = ("charger__identity", "id_tag")
    search_help_text = _("Transaction, charger id or id tag")
    ordering = ("-started_at", "-id")
    inlines = (StatusChangeInline,)
    change_form_before_template = "admin/chargers/session_curve.html"
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": (
                    ("state", "billing"),
                    ("place", "cpo"),
                    ("go_to", "hold_reason"),
                    ("evidence",),
                )
            },
        ),
        (_("Energy"), {"fields": _ENERGY}),
        (_("Who and when"), {"fields": _WHO}),
        (_("Price"), {"fields": (("price", "tariff_version"), "snapshot")}),
    )
    readonly_fields = (
        "state",
        "billing",
        "place",
        "cpo",
        "go_to",
        "hold_reason",
        "evidence",
        *(name for pair in (*_ENERGY, *_WHO) for name in pair),
        "price",
        "tariff_version",
        "snapshot",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.replace("\0", "").strip()
        if not text:
            return queryset, False
        return queryset.filter(matching(cast("User", request.user), text)), False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = extra_context or {}
        session = self.get_object(request, object_id) if object_id else None
        if session is not None:
            context["curve"] = session_curve(session)
        return super().changeform_view(request, object_id, form_url, context)

    @column(_("session"), ordering="transaction_id")
    def number(self, session: ChargingSession) -> str:
        return f"#{session.transaction_id}"

    @column(_("status"), ordering="status", label=colours.SESSION)
    def state(self, session: ChargingSession) -> Any:
        return session.status, session.get_status_display()

    @column(_("billing"), ordering="billing_status", label=colours.BILLING)
    def billing(self, session: ChargingSession) -> Any:
        return session.billing_status, session.get_billing_status_display()

    @column(_("verdict"), label=colours.AUTHORIZATION)
    def verdict(self, session: ChargingSession) -> Any:
        return session.authorization, session.get_authorization_display()

    @column(_("charger"), ordering="charger__identity")
    def place(self, session: ChargingSession) -> SafeString | str:
        text = f"{session.charger.identity}/{session.connector.number}"
        return change_link(session.charger, text)

    @column(_("driver"))
    def driver_link(self, session: ChargingSession) -> SafeString | str:
        return change_link(session.driver)

    @column(_("started"), ordering="started_at")
    def started(self, session: ChargingSession) -> str:
        return when(session.started_at)

    @column(_("ended"))
    def ended(self, session: ChargingSession) -> str:
        return when(session.ended_at)

    @column(_("duration"))
    def lasted(self, session: ChargingSession) -> str:
        minutes = (
            int(((session.ended_at or clock.now()) - session.started_at).total_seconds()) // 60
        )
        return f"{minutes // 60}:{minutes % 60:02d}"

    @column(_("energy"), ordering="energy_wh")
    def delivered(self, session: ChargingSession) -> str:
        return energy(session.energy_wh)

    @column(_("power"))
    def load(self, session: ChargingSession) -> str:
        return power(session.power_w)

    @column(_("cost"), ordering="cost")
    def price(self, session: ChargingSession) -> str:
        return money(session.cost, session.currency)

    @column(_("price at the start"))
    def snapshot(self, session: ChargingSession) -> Any:
        return pretty_json(session.tariff_snapshot)

    @column(_("evidence"))
    def evidence(self, session: ChargingSession) -> SafeString | str:
        return evidence_of(session)

    @column(_("look at"))
    def go_to(self, session: ChargingSession) -> SafeString:
        explained = reverse("portal:explain", args=(session.transaction_id,))
        return links(
            link(explained, _("explain this session")),
            list_link("payments.bill", _("bill"), session__id__exact=session.pk),
            list_link("chargers.meterreading", _("readings"), session_id=session.pk),
            link(_wire_log(session), _("wire log")),
        )


def _wire_log(session: ChargingSession) -> str:
    """The charger's frames from a minute before the start to a minute after the end."""
    margin = timedelta(minutes=1)
    begin = session.start_received_at - margin
    end = (session.stop_received_at or clock.now()) + margin
    return changelist_url(
        "chargers.frame",
        charger=session.charger.identity,
        at_from_0=f"{begin:%Y-%m-%d}",
        at_from_1=f"{begin:%H:%M:%S}",
        at_to_0=f"{end:%Y-%m-%d}",
        at_to_1=f"{end:%H:%M:%S}",
    )
