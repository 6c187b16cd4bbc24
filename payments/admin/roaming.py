"""What drivers owe for charging elsewhere, and bills that partners need not pay."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter

from payments.models import BillCredit, RoamingCharge
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, money, when


@admin.register(RoamingCharge)
class RoamingChargeAdmin(ReadOnlyAdmin):
    list_display = ("cdr_reference", "driver", "total_text", "theirs", "kept", "charged", "booked")
    list_filter = (("charged_at", RangeDateTimeFilter), "currency")
    list_select_related = ("driver", "booking", "credits")
    search_fields = ("cdr_reference", "driver__name")
    fields = readonly_fields = (
        "cdr_reference",
        "driver",
        "total_text",
        "theirs",
        "kept",
        "takes_back",
        "charged",
        "booked",
    )

    @column(_("total"), ordering="total")
    def total_text(self, row: RoamingCharge) -> str:
        return money(row.total, row.currency)

    @column(_("the operator's"))
    def theirs(self, row: RoamingCharge) -> str:
        return money(row.net + row.tax, row.currency)

    @column(_("margin"), ordering="margin")
    def kept(self, row: RoamingCharge) -> str:
        return money(row.margin, row.currency)

    @column(_("takes back"))
    def takes_back(self, row: RoamingCharge) -> SafeString | str:
        return change_link(row.credits)

    @column(_("charged"), ordering="charged_at")
    def charged(self, row: RoamingCharge) -> str:
        return when(row.charged_at)

    @column(_("booking"))
    def booked(self, row: RoamingCharge) -> SafeString | str:
        return change_link(row.booking)


@admin.register(BillCredit)
class BillCreditAdmin(ReadOnlyAdmin):
    list_display = ("bill_text", "amount", "reason", "credited", "booked")
    list_filter = (("credited_at", RangeDateTimeFilter),)
    list_select_related = ("bill", "booking")
    search_fields = ("reason",)
    fields = readonly_fields = ("bill_text", "amount", "reason", "credited", "booked")

    @column(_("bill"), ordering="bill_id")
    def bill_text(self, row: BillCredit) -> SafeString | str:
        return change_link(row.bill)

    @column(_("amount"))
    def amount(self, row: Any) -> str:
        return money(row.bill.total, row.bill.currency)

    @column(_("credited"), ordering="credited_at")
    def credited(self, row: BillCredit) -> str:
        return when(row.credited_at)

    @column(_("booking"))
    def booked(self, row: BillCredit) -> SafeString | str:
        return change_link(row.booking)
