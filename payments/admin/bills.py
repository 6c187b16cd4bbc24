from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from payments.models import Bill, BillLine
from payments.selectors.taxes import taxes_of_bill
from unievp.lib.admin import ReadOnlyAdmin, ReadOnlyInline, change_link, column, money, when


class LineInline(ReadOnlyInline):
    model = BillLine
    fields = ("kind", "amount_text", "how_much", "unit_price_text", "tax_percent", "why")
    readonly_fields = fields
    show_change_link = False

    @column(_("amount"))
    def amount_text(self, line: BillLine) -> str:
        return money(line.amount, line.bill.currency)

    @column(_("quantity"))
    def how_much(self, line: BillLine) -> str:
        return f"{line.quantity.normalize():f} {line.unit}"

    @column(_("unit price"))
    def unit_price_text(self, line: BillLine) -> str:
        return f"{line.unit_price.normalize():f}"


@admin.register(Bill)
class BillAdmin(ReadOnlyAdmin):
    list_display = (
        "number", "session_link", "cpo", "driver", "total_text", "fee_text", "share_text",
        "phase", "issued",
    )  # fmt: skip
    list_filter = (
        ("cpo", AutocompleteSelectFilter),
        ("driver", AutocompleteSelectFilter),
        ("released_at", admin.EmptyFieldListFilter),
        ("issued_at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "driver", "session", "booking")
    search_fields = ("session__charger__identity", "driver__name")
    search_numbers = ("pk", "session__transaction_id")
    search_help_text = _("Bill, transaction, charger id or driver")
    fields = (
        ("session_link", "driver", "payer_reference"),
        ("cpo", "phase"),
        ("booking_link", "release_link"),
        ("total_text", "tax_text"),
        ("fee_text", "share_text"),
        ("issued", "available_at"),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)
    inlines = (LineInline,)

    @column(_("bill"), ordering="pk")
    def number(self, bill: Bill) -> str:
        return f"#{bill.pk}"

    @column(_("session"), ordering="session__transaction_id")
    def session_link(self, bill: Bill) -> SafeString | str:
        return change_link(bill.session)

    @column(_("booking"))
    def booking_link(self, bill: Bill) -> SafeString | str:
        return change_link(bill.booking)

    @column(_("released by"))
    def release_link(self, bill: Bill) -> SafeString | str:
        return change_link(bill.release)

    @column(_("total"), ordering="total")
    def total_text(self, bill: Bill) -> str:
        return money(bill.total, bill.currency)

    @column(_("tax"))
    def tax_text(self, bill: Bill) -> str:
        taxes = taxes_of_bill(bill)
        named = (("PPN", taxes.vat), ("PBJT", taxes.pbjt))
        parts = [f"{name} {money(amount, bill.currency)}" for name, amount in named if amount]
        whole = money(bill.tax, bill.currency)
        return f"{whole} ({', '.join(parts)})" if parts else whole

    @column(_("platform fee"), ordering="platform_fee")
    def fee_text(self, bill: Bill) -> str:
        return money(bill.platform_fee, bill.currency)

    @column(_("CPO's share"), ordering="cpo_share")
    def share_text(self, bill: Bill) -> str:
        return money(bill.cpo_share, bill.currency)

    @column(_("issued"), ordering="issued_at")
    def issued(self, bill: Bill) -> str:
        return when(bill.issued_at)

    @column(_("wallet"), label={"pending": "info", "available": "success"})
    def phase(self, bill: Bill) -> Any:
        if bill.released_at is not None:
            return "available", _("Available")
        return "pending", _("Pending")
