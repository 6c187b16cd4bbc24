"""The gateways' own books, as they told them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter

from payments.models import StatementLine
from unievp.lib.admin import ReadOnlyAdmin, column


@admin.register(StatementLine)
class StatementLineAdmin(ReadOnlyAdmin):
    list_display = (
        "line_id", "config", "kind", "reference", "amount", "fee", "tax", "state", "at",
    )  # fmt: skip
    list_filter = (
        "kind",
        "config",
        ("booked_at", admin.EmptyFieldListFilter),
        ("at", RangeDateTimeFilter),
    )
    list_select_related = ("config",)
    search_fields = ("line_id", "reference", "product_id")
    fields = (
        ("line_id", "config", "kind"),
        ("reference", "product_id"),
        ("amount", "net_amount"),
        ("fee", "tax", "expected_fee"),
        ("state", "at"),
        ("attempt", "booking", "booked_at"),
    )
    readonly_fields = ("state",)

    @column(_("status"), label={"booked": "success", "settled": "warning", "pending": "info"})
    def state(self, line: StatementLine) -> Any:
        if line.booked_at is not None:
            return "booked", _("Booked")
        return ("settled", _("Settled")) if line.is_settled else ("pending", _("Pending"))
