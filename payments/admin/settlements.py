from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from payments.models import Settlement, SettlementStatus, SettlementStatusChange
from unievp.lib.admin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    column,
    money,
    when,
)
from unievp.lib.secrets import mask

# `change_settlement` is the right to decide; the pages themselves edit nothing.
DECIDE = ("payments.change_settlement",)

_S = SettlementStatus
STATUS_COLOURS = {
    _S.REQUESTED: "warning",
    _S.APPROVED: "info",
    _S.SUBMITTING: "info",
    _S.SUBMITTED: "info",
    _S.PROCESSING: "info",
    _S.PAID: "success",
    _S.REJECTED: "danger",
    _S.CANCELLED: "",
    _S.FAILED: "danger",
    _S.REVERSED: "danger",
    _S.REVIEW: "warning",
}


class StatusChangeInline(ReadOnlyInline):
    model = SettlementStatusChange
    fields = ("at", "status", "actor", "reason")
    readonly_fields = fields
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("actor")


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    """Who asked may not approve: the service and a constraint of the database say so."""

    list_display = (
        "number", "state", "cpo", "amount_text", "bank", "requested_by", "requested",
        "decided_by", "paid",
    )  # fmt: skip
    list_filter = (
        "status",
        ("cpo", AutocompleteSelectFilter),
        ("requested_at", RangeDateTimeFilter),
    )
    list_select_related = ("cpo", "requested_by", "decided_by")
    search_fields = ("cpo__name", "proof__iexact")
    search_numbers = ("pk",)
    date_hierarchy = "requested_at"
    fields = (
        ("state", "cpo"),
        ("amount_text", "fee_text"),
        ("requested_by", "requested"),
        ("decided_by", "decided"),
        ("bank", "account"),
        ("paid", "proof"),
        "reason",
    )
    readonly_fields = (
        "state", "cpo", "amount_text", "fee_text", "requested_by", "requested", "decided_by",
        "decided", "bank", "account", "paid", "proof", "reason",
    )  # fmt: skip
    inlines = (StatusChangeInline,)

    @column(_("settlement"), ordering="pk")
    def number(self, settlement: Settlement) -> str:
        return str(settlement)

    @column(_("status"), ordering="status", label=STATUS_COLOURS)
    def state(self, settlement: Settlement) -> Any:
        return settlement.status, settlement.get_status_display()

    @column(_("amount"), ordering="amount")
    def amount_text(self, settlement: Settlement) -> str:
        return money(settlement.amount, settlement.currency)

    @column(_("transfer fee"))
    def fee_text(self, settlement: Settlement) -> str:
        return money(settlement.fee, settlement.currency)

    @column(_("bank"))
    def bank(self, settlement: Settlement) -> str:
        parts = (settlement.bank_code, settlement.bank_account_name)
        return " · ".join(part for part in parts if part) or "-"

    @column(_("account number"))
    def account(self, settlement: Settlement) -> str:
        return mask(settlement.bank_account_number) or "-"

    @column(_("requested"), ordering="requested_at")
    def requested(self, settlement: Settlement) -> str:
        return when(settlement.requested_at)

    @column(_("decided"))
    def decided(self, settlement: Settlement) -> str:
        return when(settlement.decided_at)

    @column(_("paid"), ordering="paid_at")
    def paid(self, settlement: Settlement) -> str:
        return when(settlement.paid_at)
