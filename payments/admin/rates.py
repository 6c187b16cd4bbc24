from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from cpo.admin import AuditedAdmin
from payments.models import CommissionRate
from unievp.lib.admin import column, money, when


@admin.register(CommissionRate)
class CommissionRateAdmin(AuditedAdmin):
    """A new rate is a new row: bills keep the rate that they were made with."""

    list_display = ("cpo", "share", "fee", "begins", "created_at")
    list_filter = (("cpo", AutocompleteSelectFilter), ("valid_from", RangeDateTimeFilter))
    list_select_related = ("cpo",)
    search_fields = ("cpo__name",)
    autocomplete_fields = ("cpo",)
    fields = ("cpo", ("percent", "fixed"), "valid_from")

    def has_change_permission(
        self, request: HttpRequest, obj: CommissionRate | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: CommissionRate | None = None
    ) -> bool:
        return False

    @column(_("percent"), ordering="percent")
    def share(self, rate: CommissionRate) -> str:
        return f"{rate.percent.normalize():f} %"

    @column(_("fixed per session"), ordering="fixed")
    def fee(self, rate: CommissionRate) -> str:
        return money(rate.fixed)

    @column(_("valid from"), ordering="valid_from")
    def begins(self, rate: CommissionRate) -> str:
        return when(rate.valid_from)
