"""What partners see of our locations and tariffs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cpo.admin.audited import AuditedAdmin
from ocpi.models import (
    ExceptionalHours,
    LocationImage,
    OpeningHours,
    PublishedLocation,
    PublishedTariff,
)
from ocpi.services.publishing.locations import refresh_location
from unievp.lib.admin import DeskTabularInline, ReadOnlyAdmin, column, pretty_json, since


class HoursInline(DeskTabularInline):
    model = OpeningHours


class ExceptionsInline(DeskTabularInline):
    model = ExceptionalHours


class ImagesInline(DeskTabularInline):
    model = LocationImage


@admin.register(PublishedLocation)
class PublishedLocationAdmin(AuditedAdmin):
    """Rows come by themselves, one for each location of a company with a party."""

    list_display = ("shown", "company", "is_published", "missing", "changed")
    list_filter = ("is_published", ("location__cpo", AutocompleteSelectFilter))
    list_select_related = ("location__cpo", "party")
    search_fields = ("location__name",)
    fields = (
        "shown",
        "is_published",
        "parking_type",
        "facilities",
        "charging_when_closed",
        "missing",
        "changed",
        "told",
    )
    readonly_fields = ("shown", "missing", "changed", "told")
    inlines = (HoursInline, ExceptionsInline, ImagesInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: Any
    ) -> None:
        super().save_related(request, form, formsets, change)
        refresh_location(form.instance.location_id)

    @column(_("location"), ordering="location__name")
    def shown(self, row: PublishedLocation) -> str:
        return str(row.location)

    @column(_("CPO"), ordering="location__cpo__name")
    def company(self, row: PublishedLocation) -> str:
        return str(row.location.cpo)

    @column(_("changed"), ordering="last_updated")
    def changed(self, row: PublishedLocation) -> str:
        return since(row.last_updated) if row.last_updated else "-"

    @column(_("as partners see it"))
    def told(self, row: PublishedLocation) -> str:
        return pretty_json(row.body)


@admin.register(PublishedTariff)
class PublishedTariffAdmin(ReadOnlyAdmin):
    list_display = ("ocpi_id", "tariff", "company", "pbjt_percent", "changed", "removed")
    list_filter = (("template__cpo", AutocompleteSelectFilter),)
    list_select_related = ("template__cpo",)
    search_fields = ("ocpi_id", "template__name")
    fields = readonly_fields = (
        "ocpi_id",
        "tariff",
        "company",
        "pbjt_percent",
        "changed",
        "removed",
        "told",
    )

    @column(_("tariff"), ordering="template__name")
    def tariff(self, row: PublishedTariff) -> str:
        return str(row.template)

    @column(_("CPO"), ordering="template__cpo__name")
    def company(self, row: PublishedTariff) -> str:
        return str(row.template.cpo)

    @column(_("changed"), ordering="last_updated")
    def changed(self, row: PublishedTariff) -> str:
        return since(row.last_updated)

    @column(_("removed"), ordering="removed_at")
    def removed(self, row: PublishedTariff) -> str:
        return since(row.removed_at) if row.removed_at else "-"

    @column(_("as partners see it"))
    def told(self, row: PublishedTariff) -> str:
        return pretty_json(row.body)
