"""The admin's sidebar: the models in groups, as people look for them; for `UNFOLD`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from unievp.lib.admin import changelist_url

Text = str | Promise

# Group → models with their icon (Material Symbols). A registered model that is not named here
# still appears, in the last group.
_GROUPS: tuple[tuple[Text, tuple[tuple[str, str], ...]], ...] = (
    (
        _("Operations"),
        (
            ("chargers.Charger", "ev_station"),
            ("chargers.Connector", "electrical_services"),
            ("chargers.ChargingSession", "bolt"),
            ("chargers.Command", "send"),
            ("chargers.Reservation", "event_available"),
            ("chargers.UnknownCharger", "help"),
            ("chargers.OrphanStop", "link_off"),
            ("chargers.Location", "location_on"),
            ("chargers.ModelQuirks", "build"),
        ),
    ),
    (
        _("Tickets"),
        (
            ("tickets.Ticket", "confirmation_number"),
            ("tickets.TicketRule", "rule"),
            ("tickets.ServiceLevel", "timer"),
            ("tickets.Holiday", "event_busy"),
        ),
    ),
    (
        _("Maintenance"),
        (
            ("chargers.ConfigurationTemplate", "tune"),
            ("chargers.ConfigurationRun", "playlist_play"),
            ("chargers.ConfigurationRunItem", "checklist"),
            ("chargers.ConfigurationKey", "key"),
            ("chargers.FirmwareImage", "memory"),
            ("chargers.FirmwareCampaign", "campaign"),
            ("chargers.FirmwareUpdate", "system_update_alt"),
            ("chargers.ChargerLog", "description"),
        ),
    ),
    (
        _("Security"),
        (
            ("chargers.SecurityEvent", "gpp_maybe"),
            ("chargers.RefusedHandshake", "front_hand"),
            ("chargers.ChargerCertificate", "verified_user"),
            ("chargers.InstalledCertificate", "workspace_premium"),
            ("chargers.CertificateAuthority", "account_balance"),
            ("chargers.AdoptionDoor", "door_open"),
            ("chargers.SelfAdoption", "how_to_reg"),
            ("chargers.PasswordRotation", "password"),
        ),
    ),
    (
        _("Wire"),
        (
            ("chargers.Frame", "swap_vert"),
            ("chargers.ConnectionLog", "cable"),
            ("chargers.ConnectorStatusChange", "history_toggle_off"),
            ("chargers.MeterReading", "speed"),
        ),
    ),
    (
        _("Prices"),
        (
            ("tariffs.TariffTemplate", "sell"),
            ("tariffs.TariffVersion", "history"),
            ("chargers.TariffAssignment", "assignment"),
            ("chargers.TariffDefault", "assignment_returned"),
            ("chargers.LocationTax", "location_city"),
            ("tariffs.PriceCap", "vertical_align_top"),
            ("tariffs.VatRate", "percent"),
        ),
    ),
    (
        _("Money"),
        (
            ("payments.Settlement", "payments"),
            ("payments.SettlementSchedule", "event_repeat"),
            ("payments.SettlementRun", "update"),
            ("cpo.BankAccountChange", "account_balance_wallet"),
            ("payments.PaymentIntent", "qr_code_2"),
            ("payments.Refund", "undo"),
            ("payments.Payout", "outbound"),
            ("payments.PrepaidCharge", "bolt"),
            ("payments.Bill", "receipt_long"),
            ("payments.ReceiptMail", "mail"),
            ("payments.CommissionRate", "percent"),
            ("payments.TransferFee", "price_change"),
            ("payments.ProviderConfig", "hub"),
            ("payments.WebhookDelivery", "webhook"),
            ("payments.StatementLine", "summarize"),
            ("payments.GatewayBalance", "balance"),
            ("payments.Adjustment", "tune"),
            ("payments.BooksProof", "fact_check"),
            ("payments.Difference", "difference"),
            ("payments.LedgerAccount", "account_balance"),
            ("payments.LedgerTransaction", "sync_alt"),
            ("payments.LedgerEntry", "list_alt"),
            ("payments.LedgerBlock", "link"),
        ),
    ),
    (
        _("Companies and people"),
        (
            ("cpo.CPO", "business"),
            ("cpo.User", "group"),
            ("cpo.Invitation", "forward_to_inbox"),
            ("cpo.Driver", "directions_car"),
            ("chargers.IdToken", "badge"),
            ("chargers.TokenSighting", "contactless"),
            ("chargers.LocalList", "playlist_add_check"),
            ("cpo.ApiKey", "key"),
            ("cpo.WebhookEndpoint", "webhook"),
            ("cpo.EventDelivery", "outgoing_mail"),
            ("auth.Group", "admin_panel_settings"),
        ),
    ),
    (
        _("Roaming"),
        (
            ("ocpi.Partner", "handshake"),
            ("ocpi.Party", "flag"),
            ("ocpi.PublishedLocation", "share_location"),
            ("ocpi.PublishedTariff", "sell"),
            ("ocpi.RoamingToken", "contactless"),
            ("ocpi.RoamingTag", "label"),
            ("ocpi.RoamingSession", "bolt"),
            ("ocpi.Cdr", "receipt"),
            ("ocpi.CommandRequest", "terminal"),
            ("ocpi.RoamingContract", "badge"),
            ("ocpi.OwnToken", "contactless"),
            ("ocpi.GivenAuthorization", "how_to_reg"),
            ("ocpi.SentCommand", "send"),
            ("ocpi.ForeignLocation", "pin_drop"),
            ("ocpi.ForeignTariff", "sell"),
            ("ocpi.ForeignSession", "ev_station"),
            ("ocpi.ForeignCdr", "fact_check"),
            ("payments.RoamingCharge", "receipt_long"),
            ("ocpi.PartnerBalance", "balance"),
            ("payments.BillCredit", "undo"),
            ("ocpi.PulledList", "playlist_add_check"),
            ("ocpi.HubClient", "hub"),
            ("ocpi.Push", "outbox"),
            ("ocpi.Exchange", "swap_horiz"),
        ),
    ),
    (
        _("Records"),
        (("cpo.AuditEntry", "fact_check"), ("web.SimulatorRun", "science")),
    ),
)
# Registered by libraries, of no use on the desk's menu.
_NOT_SHOWN = frozenset({"auth.Permission"})


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's sidebar: only what this person may see."""
    registry = {model._meta.label: model for model in admin.site._registry}
    groups: list[dict[str, Any]] = [
        {
            "items": [
                {"title": _("Home"), "icon": "dashboard", "link": reverse_lazy("admin:index")},
            ]
        }
    ]
    named: set[str] = set()
    for title, models in _GROUPS:
        named.update(label for label, _icon in models)
        pairs = [(registry[label], icon) for label, icon in models if label in registry]
        groups.append(_group(title, pairs, request))
    others = [
        (model, "table_rows")
        for label, model in registry.items()
        if label not in named | _NOT_SHOWN
    ]
    groups.append(_group(_("More"), others, request))
    return [group for group in groups if group["items"]]


def _group(
    title: Text, models: Iterable[tuple[type[Model], str]], request: HttpRequest
) -> dict[str, Any]:
    return {
        "title": title,
        "separator": True,
        "items": [
            {
                "title": capfirst(model._meta.verbose_name_plural),
                "icon": icon,
                "link": changelist_url(model._meta.label),
            }
            for model, icon in models
            if admin.site._registry[model].has_view_permission(request)
        ],
    }
