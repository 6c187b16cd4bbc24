"""What a gateway's own books say, line by line (payments.md §1.8, §7)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.intent import PaymentAttempt
from payments.models.ledger import LedgerTransaction
from payments.models.provider import ProviderConfig
from unievp.lib.constraints import choice_check


class StatementKind(models.TextChoices):
    PAYMENT = "payment", _("Payment")
    REFUND = "refund", _("Refund")
    PAYOUT = "payout", _("Transfer")
    OTHER = "other", _("Other")


class StatementLine(models.Model):
    """One movement, as the gateway told it last; frozen once it is booked.

    Of `amount` the gateway keeps `fee` and `tax`. `expected_fee` is by the provider's own table,
    empty where that says nothing. `booked_at`: the ledger follows it.
    """

    config = models.ForeignKey(
        ProviderConfig, on_delete=models.PROTECT, related_name="+", verbose_name=_("provider")
    )
    line_id = models.CharField(_("line"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=StatementKind)
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    product_id = models.CharField(_("id at the gateway"), max_length=80, blank=True)
    amount = models.BigIntegerField(_("amount"))
    net_amount = models.BigIntegerField(_("net amount"))
    fee = models.BigIntegerField(_("fee"))
    tax = models.BigIntegerField(_("tax on the fee"))
    expected_fee = models.BigIntegerField(_("expected fee"), null=True, blank=True)
    is_settled = models.BooleanField(_("settled"))
    at = models.DateTimeField(_("time"))
    attempt = models.ForeignKey(
        PaymentAttempt,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="statement_lines",
        verbose_name=_("payment attempt"),
    )
    booking = models.ForeignKey(
        LedgerTransaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("booking"),
    )
    booked_at = models.DateTimeField(_("booked"), null=True, blank=True)

    tenant_path: ClassVar[str] = "config__cpo"

    class Meta:
        verbose_name = _("line of a gateway's statement")
        verbose_name_plural = _("gateways' statements")
        ordering = ("-at", "-id")
        constraints: ClassVar = [
            choice_check("kind", StatementKind, name="statement_line_kind_is_known"),
            models.UniqueConstraint(
                fields=["config", "line_id"], name="statement_line_is_kept_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["reference"], name="statement_line_reference"),
        ]

    def __str__(self) -> str:
        return self.line_id
