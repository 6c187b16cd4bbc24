"""The ledger, for reading: rows are written by `payments.ledger`, and corrected by new rows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from payments.chart import CHART
from payments.models import (
    LedgerAccount,
    LedgerBlock,
    LedgerBlockItem,
    LedgerEntry,
    LedgerTransaction,
    Side,
)
from unievp.lib.admin import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    change_link,
    column,
    list_link,
    money,
    pretty_json,
    when,
)

SIDE_COLOURS = {Side.DEBIT: "info", Side.CREDIT: "success"}


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyAdmin):
    list_display = (
        "code", "meaning", "owner_type", "owner_id", "side",
        "balance_text", "debits", "credits", "entries",
    )  # fmt: skip
    list_filter = ("code", "owner_type", "currency")
    search_fields = ("code__iexact", "owner_id__iexact")
    fields = (
        ("code", "meaning"),
        ("owner_type", "owner_id"),
        ("side", "currency"),
        ("debits", "credits"),
        ("balance_text", "entries"),
        ("allow_negative",),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)

    @column(_("meaning"))
    def meaning(self, account: LedgerAccount) -> str:
        """Of an account that the chart does not know: nothing, and that is worth seeing."""
        known = {code.value: entry.meaning for code, entry in CHART.items()}
        return str(known.get(account.code, "?"))

    @column(_("normal side"), ordering="normal_side", label=SIDE_COLOURS)
    def side(self, account: LedgerAccount) -> Any:
        return account.normal_side, account.get_normal_side_display()

    @column(_("balance"))
    def balance_text(self, account: LedgerAccount) -> str:
        return money(account.balance, account.currency)

    @column(_("debit total"), ordering="posted_debit")
    def debits(self, account: LedgerAccount) -> str:
        return money(account.posted_debit, account.currency)

    @column(_("credit total"), ordering="posted_credit")
    def credits(self, account: LedgerAccount) -> str:
        return money(account.posted_credit, account.currency)

    @column(_("entries"), ordering="version")
    def entries(self, account: LedgerAccount) -> SafeString:
        return list_link("payments.ledgerentry", account.version, account__id__exact=account.pk)


class EntryInline(ReadOnlyInline):
    model = LedgerEntry
    fields = ("account_link", "side_text", "amount_text", "balance_text")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        entries: QuerySet[LedgerEntry] = super().get_queryset(request)
        return entries.select_related("account").order_by("id")

    @column(_("account"))
    def account_link(self, entry: LedgerEntry) -> SafeString | str:
        return change_link(entry.account)

    @column(_("side"), label=SIDE_COLOURS)
    def side_text(self, entry: LedgerEntry) -> Any:
        return entry.side, entry.get_side_display()

    @column(_("amount"))
    def amount_text(self, entry: LedgerEntry) -> str:
        return money(entry.amount, entry.account.currency)

    @column(_("balance after"))
    def balance_text(self, entry: LedgerEntry) -> str:
        return money(entry.balance_after, entry.account.currency)


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnlyAdmin):
    list_display = ("number", "kind", "idempotency_key", "effective", "booked", "undone")
    list_filter = (
        ("effective_at", RangeDateTimeFilter),
        ("reverses", admin.EmptyFieldListFilter),
    )
    list_select_related = ("reverses",)
    search_fields = ("idempotency_key__iexact", "kind__iexact")
    search_numbers = ("pk",)
    search_help_text = _("Number, key or kind, in full")
    fields = (("kind", "idempotency_key"), ("effective", "booked"), ("undone", "sealed"), "details")
    readonly_fields = (
        "kind", "idempotency_key", "effective", "booked", "undone", "sealed", "details",
    )  # fmt: skip
    inlines = (EntryInline,)

    @column(_("booking"), ordering="pk")
    def number(self, booking: LedgerTransaction) -> str:
        return f"#{booking.pk}"

    @column(_("effective"), ordering="effective_at")
    def effective(self, booking: LedgerTransaction) -> str:
        return when(booking.effective_at)

    @column(_("booked"), ordering="created_at")
    def booked(self, booking: LedgerTransaction) -> str:
        return when(booking.created_at)

    @column(_("reverses"))
    def undone(self, booking: LedgerTransaction) -> SafeString | str:
        return change_link(booking.reverses)

    @column(_("sealed in block"))
    def sealed(self, booking: LedgerTransaction) -> SafeString | str:
        item = LedgerBlockItem.objects.filter(transaction=booking).select_related("block").first()
        return change_link(item.block if item else None)

    @column(_("details"))
    def details(self, booking: LedgerTransaction) -> Any:
        return pretty_json(booking.metadata)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = (
        "number", "account", "side_text", "amount_text", "balance_text", "booking", "effective",
    )  # fmt: skip
    list_filter = (
        ("account", AutocompleteSelectFilter),
        "side",
        ("transaction__effective_at", RangeDateTimeFilter),
    )
    list_select_related = ("account", "transaction")
    search_fields = ("transaction__idempotency_key__iexact",)
    search_numbers = ("transaction_id",)
    fields = (
        ("account", "booking"),
        ("side_text", "amount_text"),
        ("balance_text", "account_version"),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)

    @column(_("entry"), ordering="pk")
    def number(self, entry: LedgerEntry) -> str:
        return f"#{entry.pk}"

    @column(_("side"), label=SIDE_COLOURS)
    def side_text(self, entry: LedgerEntry) -> Any:
        return entry.side, entry.get_side_display()

    @column(_("amount"), ordering="amount")
    def amount_text(self, entry: LedgerEntry) -> str:
        return money(entry.amount, entry.account.currency)

    @column(_("balance after"))
    def balance_text(self, entry: LedgerEntry) -> str:
        return money(entry.balance_after, entry.account.currency)

    @column(_("booking"))
    def booking(self, entry: LedgerEntry) -> SafeString | str:
        return change_link(entry.transaction)

    @column(_("effective"))
    def effective(self, entry: LedgerEntry) -> str:
        return when(entry.transaction.effective_at)


@admin.register(LedgerBlock)
class LedgerBlockAdmin(ReadOnlyAdmin):
    list_display = ("number", "item_count", "hash_text", "created_at")
    search_numbers = ("pk",)
    fields = (("number", "item_count"), "hash_text", "prev_hash_text", "created_at")
    readonly_fields = ("number", "item_count", "hash_text", "prev_hash_text", "created_at")

    @column(_("block"), ordering="pk")
    def number(self, block: LedgerBlock) -> str:
        return f"#{block.pk}"

    @column(_("hash"))
    def hash_text(self, block: LedgerBlock) -> str:
        return bytes(block.hash).hex()

    @column(_("previous hash"))
    def prev_hash_text(self, block: LedgerBlock) -> str:
        return bytes(block.prev_hash).hex()
