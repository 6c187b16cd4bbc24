from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from chargers.models import Location
from cpo.admin import AuditedAdmin
from unievp.lib.admin import column, list_link


@admin.register(Location)
class LocationAdmin(AuditedAdmin):
    list_display = ("name", "cpo", "city", "province", "time_zone", "charger_count")
    list_filter = (("cpo", AutocompleteSelectFilter), "time_zone")
    list_select_related = ("cpo",)
    search_fields = ("name", "address", "city")
    autocomplete_fields = ("cpo",)
    readonly_fields = ("created_at", "updated_at")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("cpo", "name", "time_zone")}),
        (_("Address"), {"fields": ("address", "city", "province", "postal_code", "country")}),
        (_("Position"), {"fields": ("latitude", "longitude")}),
        (_("Dates"), {"fields": ("created_at", "updated_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Location]:
        in_use = Count("chargers", filter=Q(chargers__retired_at__isnull=True))
        locations: QuerySet[Location] = super().get_queryset(request).annotate(in_use=in_use)
        return locations

    @column(_("chargers"), ordering="in_use")
    def charger_count(self, location: Any) -> SafeString:
        return list_link("chargers.charger", location.in_use, location__id__exact=location.pk)
