"""Versions of tariffs: what was sold when, for reading."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from tariffs.admin.words import told_prices
from tariffs.models import TariffVersion
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, when


@admin.register(TariffVersion)
class TariffVersionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "cpo", "begins", "currency", "tax_included", "note", "author")
    list_filter = (
        ("template", AutocompleteSelectFilter),
        ("template__cpo", AutocompleteSelectFilter),
        ("valid_from", RangeDateTimeFilter),
    )
    list_select_related = ("template__cpo", "created_by")
    search_fields = ("template__name", "note")
    date_hierarchy = "valid_from"
    fields = (
        ("tariff", "number"),
        ("begins", "currency"),
        ("tax_included", "free_below_wh"),
        ("min_price_excl", "max_price_excl"),
        ("min_price_incl", "max_price_incl"),
        "prices",
        ("note", "author"),
        "created_at",
    )
    readonly_fields = (
        "tariff", "number", "begins", "currency", "tax_included", "free_below_wh",
        "min_price_excl", "max_price_excl", "min_price_incl", "max_price_incl",
        "prices", "note", "author", "created_at",
    )  # fmt: skip

    @column(_("CPO"), ordering="template__cpo__name")
    def cpo(self, version: TariffVersion) -> str:
        return version.template.cpo.name

    @column(_("tariff"))
    def tariff(self, version: TariffVersion) -> SafeString | str:
        return change_link(version.template)

    @column(_("valid from"), ordering="valid_from")
    def begins(self, version: TariffVersion) -> str:
        return when(version.valid_from)

    @column(_("created by"))
    def author(self, version: TariffVersion) -> str:
        return version.created_by.get_username() if version.created_by else "-"

    @column(_("prices"))
    def prices(self, version: TariffVersion) -> SafeString:
        return told_prices(version)
