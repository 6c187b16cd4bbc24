from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from cpo.admin import AuditedAdmin
from payments.models import CommissionRate, TransferFee
from unievp.lib.admin import AppendOnlyAdmin, column, money, when


class RateAdmin(AppendOnlyAdmin, AuditedAdmin):
    """A new rate is a new row: what was made with the old one keeps it."""

    list_filter = (("cpo", AutocompleteSelectFilter), ("valid_from", RangeDateTimeFilter))
    list_select_related = ("cpo",)
    search_fields = ("cpo__name",)
    autocomplete_fields = ("cpo",)

    @column(_("valid from"), ordering="valid_from")
    def begins(self, rate: CommissionRate | TransferFee) -> str:
        return when(rate.valid_from)


@admin.register(CommissionRate)
class CommissionRateAdmin(RateAdmin):
    list_display = ("cpo", "share", "fee", "begins", "created_at")
    fields = ("cpo", ("percent", "fixed"), "valid_from")

    @column(_("percent"), ordering="percent")
    def share(self, rate: CommissionRate) -> str:
        return f"{rate.percent.normalize():f} %"

    @column(_("fixed per session"), ordering="fixed")
    def fee(self, rate: CommissionRate) -> str:
        return money(rate.fixed)


@admin.register(TransferFee)
class TransferFeeAdmin(RateAdmin):
    list_display = ("whose", "kept", "begins", "created_at")
    fields = ("cpo", "fee", "valid_from")

    @column(_("CPO"), ordering="cpo__name")
    def whose(self, rate: TransferFee) -> str:
        return str(rate.cpo or _("every company"))

    @column(_("fee kept back"), ordering="fee")
    def kept(self, rate: TransferFee) -> str:
        return money(rate.fee)
