"""The books, read through Django. Their tables and guarantees are SQL (migrations 0001 and 0002).

Rows are written by `payments.ledger` alone: saving or deleting one here is refused, and behind
that the triggers refuse it, too. Amounts are whole minor units (rupiah).
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Side(models.TextChoices):
    DEBIT = "D", _("Debit")
    CREDIT = "C", _("Credit")

    @property
    def opposite(self) -> Side:
        return Side.CREDIT if self is Side.DEBIT else Side.DEBIT


class ReadOnlyModel(models.Model):
    class Meta:
        abstract = True

    def save(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        message = f"{type(self).__name__} is written by payments.ledger alone"
        raise TypeError(message)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        message = f"{type(self).__name__} is never deleted"
        raise TypeError(message)


class LedgerAccount(ReadOnlyModel):
    """A place where money stands: `code` says what it means (`payments.chart`), the owner whose.

    `posted_debit` and `posted_credit` are the running totals of the entries, moved by a trigger.
    """

    code = models.TextField(_("account"))
    owner_type = models.TextField(_("kind of owner"), default="", blank=True)
    owner_id = models.TextField(_("owner"), default="", blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    normal_side = models.CharField(_("normal side"), max_length=1, choices=Side)
    allow_negative = models.BooleanField(_("may be negative"), default=False)
    posted_debit = models.BigIntegerField(_("debit total"), default=0)
    posted_credit = models.BigIntegerField(_("credit total"), default=0)
    version = models.BigIntegerField(_("number of entries"), default=0)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        db_table = "ledger_account"
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        ordering = ("code", "owner_type", "owner_id", "currency")

    def __str__(self) -> str:
        owner = f" {self.owner_type}:{self.owner_id}" if self.owner_type else ""
        return f"{self.code}{owner}"

    @property
    def balance(self) -> int:
        """In minor units, positive on the account's normal side."""
        net = self.posted_debit - self.posted_credit
        return net if self.normal_side == Side.DEBIT else -net

    @staticmethod
    def balance_expression() -> Case:
        """`balance` inside a query, to sort and filter by it."""
        net = F("posted_debit") - F("posted_credit")
        return Case(When(Q(normal_side=Side.DEBIT), then=net), default=-net)


class LedgerTransaction(ReadOnlyModel):
    """One balanced booking, made once per `idempotency_key`.

    The column `created_xid` (which database transaction made it) is the triggers' own.
    """

    idempotency_key = models.TextField(_("key"))
    kind = models.TextField(_("kind"))
    request_hash = models.BinaryField()
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
        verbose_name=_("reverses"),
    )
    effective_at = models.DateTimeField(_("effective"))
    created_at = models.DateTimeField(_("booked"), db_default=Now())
    metadata = models.JSONField(_("details"), default=dict)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        db_table = "ledger_transaction"
        verbose_name = _("ledger transaction")
        verbose_name_plural = _("ledger transactions")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.idempotency_key


class LedgerEntry(ReadOnlyModel):
    """One leg. `balance_after` is the account's balance with it, `account_version` its place."""

    transaction = models.ForeignKey(
        LedgerTransaction,
        on_delete=models.PROTECT,
        related_name="entries",
        verbose_name=_("transaction"),
    )
    account = models.ForeignKey(
        LedgerAccount,
        on_delete=models.PROTECT,
        related_name="entries",
        verbose_name=_("account"),
    )
    side = models.CharField(_("side"), max_length=1, choices=Side)
    amount = models.BigIntegerField(_("amount"))
    account_version = models.BigIntegerField(_("number in the account"))
    balance_after = models.BigIntegerField(_("balance after"))

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        db_table = "ledger_entry"
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.side} {self.amount}"


class LedgerBlock(ReadOnlyModel):
    """A sealed set of transactions, hashed onto the block before it: tampering shows."""

    item_count = models.IntegerField(_("transactions"))
    prev_hash = models.BinaryField(_("previous hash"))
    hash = models.BinaryField(_("hash"))
    created_at = models.DateTimeField(_("sealed"), db_default=Now())

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        db_table = "ledger_block"
        verbose_name = _("ledger block")
        verbose_name_plural = _("ledger blocks")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"#{self.pk}"


class LedgerBlockItem(ReadOnlyModel):
    """Which block a transaction is sealed in."""

    transaction = models.OneToOneField(
        LedgerTransaction,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="block_item",
        verbose_name=_("transaction"),
    )
    block = models.ForeignKey(
        LedgerBlock, on_delete=models.PROTECT, related_name="items", verbose_name=_("block")
    )

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        db_table = "ledger_block_item"
        verbose_name = _("sealed transaction")
        verbose_name_plural = _("sealed transactions")

    def __str__(self) -> str:
        return f"{self.block_id}: {self.transaction_id}"
