from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from chargers.admin import colours
from chargers.admin.availability import uptime_lines
from chargers.admin.charging import charging_view
from chargers.admin.connections import steadiness_of
from chargers.admin.connectors import ConnectorInline
from chargers.admin.labels import LabelActions
from chargers.admin.local_lists import LocalListActions
from chargers.admin.maintenance.charger_pages import MaintenanceActions
from chargers.admin.quirks import ChargerQuirksInline, effective_quirks
from chargers.admin.reservations import ReservationActions
from chargers.admin.security.charger_actions import (
    SECURITY_ACTIONS,
    SECURITY_COLUMNS,
    SecurityActions,
)
from chargers.admin.send import send_command_view
from chargers.admin.sold_at import sold_lines
from chargers.admin.wire import wire_log_url
from chargers.models import Charger, ChargerQuirks, Presence
from chargers.services import chargers
from chargers.services.quirks import announce_quirks
from cpo.admin import AuditedAdmin
from cpo.models import User
from unievp.lib.admin import Question, ask, column, detail_action, get_row, list_link, since, when
from unievp.lib.admin.confirm import ReasonForm, change_page
from unievp.lib.admin.links import link, links


class RetiredFilter(admin.SimpleListFilter):
    title = _("in service")
    parameter_name = "retired"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("With retired ones")), ("yes", _("Retired"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        # Nothing chosen means "in service", not "all".
        yield {**first, "display": _("In service")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(retired_at__isnull=self.value() != "yes")


@admin.register(Charger)
class ChargerAdmin(
    SecurityActions,
    MaintenanceActions,
    LabelActions,
    ReservationActions,
    LocalListActions,
    AuditedAdmin,
):
    list_display = (
        "identity",
        "name",
        "online",
        "state",
        "outlets",
        "cpo",
        "location",
        "hardware",
        "seen",
    )
    list_filter = (
        ("presence__online", admin.BooleanFieldListFilter),
        "status",
        ("connectors__status", admin.ChoicesFieldListFilter),
        ("cpo", AutocompleteSelectFilter),
        ("location", AutocompleteSelectFilter),
        "vendor",
        RetiredFilter,
    )
    list_select_related = ("cpo", "location", "presence", "refused_handshake")
    search_fields = ("identity", "name", "serial_number", "location__name")
    autocomplete_fields = ("cpo", "location")
    inlines = (ConnectorInline, ChargerQuirksInline)
    actions = (*SecurityActions.actions, "print_labels")
    # More than a screen is wide: what is done seldom is in menus.
    actions_detail = (
        "send_command",
        "reserve",
        "configuration",
        {
            "title": _("Maintenance"),
            "icon": "build",
            "items": ["update_firmware", "fetch_log", "local_list", "clear_cache"],
        },
        {
            "title": _("Security"),
            "icon": "shield",
            "items": [*SECURITY_ACTIONS, "new_password"],
        },
        "retire",
    )
    readonly_fields = (
        *SECURITY_COLUMNS,
        "online",
        "state",
        "error_code",
        "status_at",
        "forced_status",
        "booted_at",
        "retired_at",
        "vendor",
        "model",
        "serial_number",
        "firmware_version",
        "iccid",
        "imsi",
        "address",
        "connected_since",
        "seen",
        "protected",
        "steadiness",
        "quirks",
        "look_at",
        "uptime",
        "sold_at",
        "created_at",
        "updated_at",
    )
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": (
                    ("identity", "name"),
                    ("cpo", "location"),
                    ("online", "state"),
                    ("connected_since", "seen"),
                    ("error_code", "status_at"),
                    ("max_power_w", "look_at"),
                    "uptime",
                    "sold_at",
                )
            },
        ),
        (
            _("Connection"),
            {
                "classes": ("tab",),
                "fields": (
                    ("registration", "security_profile"),
                    ("heartbeat_interval_s", "boot_interval_s"),
                    ("protected", "refused_because"),
                    "address_to_enter",
                    ("assume_ocpp16", "time_zone"),
                    ("address", "forced_status"),
                    "steadiness",
                    "quirks",
                ),
            },
        ),
        (
            _("Hardware"),
            {
                "classes": ("tab",),
                "fields": (
                    ("vendor", "model"),
                    ("serial_number", "firmware_version"),
                    ("iccid", "imsi"),
                ),
            },
        ),
        (
            _("Dates"),
            {
                "classes": ("tab",),
                "fields": (("booted_at", "retired_at"), ("created_at", "updated_at")),
            },
        ),
    )

    # What is known of a charger before it has ever connected.
    add_fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": (
                    ("identity", "name"),
                    ("cpo", "location"),
                    ("max_power_w", "security_profile"),
                    ("assume_ocpp16", "time_zone"),
                )
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Charger | None = None) -> Any:
        return self.add_fieldsets if obj is None else super().get_fieldsets(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Charger]:
        return super().get_queryset(request).prefetch_related("connectors")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.command_view)
        charging = self.admin_site.admin_view(self.charging_view)
        return [
            path("<path:object_id>/charging/", charging, name="chargers_charger_charging"),
            path("<path:object_id>/command/", view, name="chargers_charger_command"),
            path("<path:object_id>/command/<str:action>/", view, name="chargers_charger_command"),
            *super().get_urls(),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Charger | None = None) -> bool:
        """Retired instead: its sessions and its money stay."""
        return False

    @column(_("online"), ordering="presence__online", label=colours.ONLINE)
    def online(self, charger: Charger) -> Any:
        online = (presence := presence_of(charger)) is not None and presence.online
        if charger.is_retired:
            return None, _("Retired")
        return online, _("Online") if online else _("Offline")

    @column(_("status"), ordering="status", label=colours.CONNECTOR)
    def state(self, charger: Charger) -> Any:
        return charger.status, charger.get_status_display()

    @column(_("connectors"), label=colours.CONNECTOR)
    def outlets(self, charger: Charger) -> list[tuple[str, str]]:
        presence = presence_of(charger)
        online = presence is not None and presence.online
        return [
            (outlet.status if online else "", f"{outlet.number} {outlet.get_status_display()}")
            for outlet in charger.connectors.all()
        ]

    @column(_("hardware"), ordering="vendor")
    def hardware(self, charger: Charger) -> str:
        return " ".join(filter(None, (charger.vendor, charger.model))) or "-"

    @column(_("last seen"), ordering="presence__last_seen_at")
    def seen(self, charger: Charger) -> str:
        presence = presence_of(charger)
        return since(presence.last_seen_at) if presence else "-"

    @column(_("connected"))
    def connected_since(self, charger: Charger) -> str:
        presence = presence_of(charger)
        return when(presence.connected_at) if presence else "-"

    @column(_("address"))
    def address(self, charger: Charger) -> str:
        presence = presence_of(charger)
        return presence.remote_address if presence else "-"

    @column(_("has a password"), boolean=True)
    def protected(self, charger: Charger) -> bool:
        return bool(charger.password_digest)

    @column(_("steadiness"))
    def steadiness(self, charger: Charger) -> SafeString | str:
        return once(charger, steadiness_of) if charger.pk else "-"

    @column(_("quirks in force"))
    def quirks(self, charger: Charger) -> SafeString | str:
        return once(charger, effective_quirks) if charger.pk else "-"

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        super().save_formset(request, form, formset, change)
        if formset.model is ChargerQuirks and formset.has_changed():
            announce_quirks()

    @column(_("look at"))
    def look_at(self, charger: Charger) -> SafeString:
        return links(
            list_link("chargers.chargingsession", _("sessions"), charger__id__exact=charger.pk),
            list_link("chargers.command", _("commands"), charger__id__exact=charger.pk),
            list_link(
                "chargers.securityevent", _("security events"), charger__id__exact=charger.pk
            ),
            list_link(
                "chargers.chargercertificate", _("certificates"), charger__id__exact=charger.pk
            ),
            list_link("chargers.reservation", _("reservations"), charger__id__exact=charger.pk),
            list_link("chargers.chargerlog", _("logs"), charger__id__exact=charger.pk),
            list_link("chargers.firmwareupdate", _("firmware"), charger__id__exact=charger.pk),
            link(wire_log_url(charger), _("wire log")),
            list_link(
                "chargers.connectorstatuschange", _("statuses"), charger__id__exact=charger.pk
            ),
            list_link("chargers.tariffassignment", _("tariffs"), charger__id__exact=charger.pk),
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        charger = super().get_object(request, object_id, from_field)
        if charger is not None:
            charger.uptime_text = uptime_lines(charger, request)
        return charger

    @column(_("uptime of 30 days"))
    def uptime(self, charger: Charger) -> SafeString | str:
        return getattr(charger, "uptime_text", "-")

    @column(_("sells at"))
    def sold_at(self, charger: Charger) -> SafeString | str:
        return sold_lines(charger)

    def command_view(self, request: HttpRequest, object_id: str, action: str = "") -> HttpResponse:
        return send_command_view(self, request, get_row(self, request, object_id), action)

    def charging_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return charging_view(self, request, get_row(self, request, object_id))

    @detail_action(
        _("Charging profiles"),
        url_path="charging-profiles",
        icon="speed",
        permissions=("view",),
    )
    def charging_profiles(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:chargers_charger_charging", args=(object_id,)))

    @detail_action(_("Send a command"), url_path="send-command", icon="send")
    def send_command(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:chargers_charger_command", args=(object_id,)))

    @detail_action(_("New password"), url_path="new-password", icon="key")
    def new_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        question = Question(
            title=_("New password"),
            text=_("The old one stops working at the charger's next connection."),
            submit=_("Make a new password"),
            danger=True,
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            password = chargers.renew_password(charger, actor=cast("User", request.user))
            return secret_page(self, request, charger, password)

        return ask(self, request, charger, question, run)

    @detail_action(_("Retire"), url_path="retire", icon="inventory_2")
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        question = Question(
            title=_("Retire this charger"),
            text=_("It may not connect any more. Its sessions and its money stay."),
            submit=_("Retire"),
            danger=True,
            form_class=ReasonForm,
        )

        def run(answer: dict[str, Any]) -> None:
            actor = cast("User", request.user)
            chargers.retire_charger(charger, actor=actor, reason=answer["reason"])

        return ask(self, request, charger, question, run)


def once(charger: Charger, tell: Callable[[Charger], SafeString | str]) -> SafeString | str:
    """A page asks for each of its fields several times, the database is asked once."""
    told: dict[Any, SafeString | str] = charger.__dict__.setdefault("_told", {})
    if tell not in told:
        told[tell] = tell(charger)
    return told[tell]


def presence_of(charger: Charger) -> Presence | None:
    return getattr(charger, "presence", None)


def secret_page(
    model_admin: ChargerAdmin, request: HttpRequest, charger: Charger, password: str
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Password of %(charger)s") % {"charger": charger.identity},
        "explanation": _("Enter both at the charger (security profile 1, Basic authentication)."),
        "secrets": [(_("User name"), charger.identity), (_("Password"), password)],
        "back": change_page(charger),
        "original": charger,
        "opts": model_admin.opts,
    }
    # `admin_view` has made it `no-store` already.
    return TemplateResponse(request, "admin/uniev/secret.html", context)
