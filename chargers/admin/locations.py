from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from chargers.admin.site_budgets import budget_of
from chargers.models import Location
from cpo.admin import AuditedAdmin
from unievp.lib.admin import column, detail_action, get_row, list_link
from unievp.lib.admin.confirm import change_page


@admin.register(Location)
class LocationAdmin(AuditedAdmin):
    list_display = ("name", "cpo", "city", "province", "time_zone", "charger_count")
    list_filter = (("cpo", AutocompleteSelectFilter), "time_zone")
    list_select_related = ("cpo",)
    search_fields = ("name", "address", "city")
    autocomplete_fields = ("cpo",)
    readonly_fields = ("created_at", "updated_at")
    actions_detail = ("power_budget",)
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

    @detail_action(_("Power budget"), url_path="power-budget", icon="bolt", permissions=("view",))
    def power_budget(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Its budget, or the form for a new one."""
        location = get_row(self, request, object_id)
        budget = budget_of(location)
        if budget is not None:
            return HttpResponseRedirect(change_page(budget))
        url = reverse("admin:chargers_sitebudget_add")
        return HttpResponseRedirect(f"{url}?location={location.pk}")

    @column(_("chargers"), ordering="in_use")
    def charger_count(self, location: Any) -> SafeString:
        return list_link("chargers.charger", location.in_use, location__id__exact=location.pk)
