"""The admin's home page and its navigation; `UNFOLD` in the settings names both functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse, reverse_lazy
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from unievp.lib.admin import changelist_url, energy, money, power, since
from unievp.web.selectors import admin_home as selectors

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
            ("chargers.UnknownCharger", "help"),
            ("chargers.Location", "location_on"),
        ),
    ),
    (
        _("Wire"),
        (
            ("chargers.Frame", "swap_vert"),
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
        ),
    ),
    (
        _("Money"),
        (
            ("payments.Settlement", "payments"),
            ("payments.Bill", "receipt_long"),
            ("payments.CommissionRate", "percent"),
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
            ("cpo.Driver", "directions_car"),
            ("chargers.IdToken", "badge"),
            ("auth.Group", "admin_panel_settings"),
        ),
    ),
    (_("Records"), (("cpo.AuditEntry", "fact_check"),)),
)
# Registered by libraries, of no use on the desk's menu.
_NOT_SHOWN = frozenset({"auth.Permission"})


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """unfold's sidebar: only what this person may see."""
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
