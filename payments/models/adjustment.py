from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO, Driver, User
from payments.models.ledger import LedgerTransaction
from payments.models.provider import ProviderConfig
from payments.states import AdjustmentStatus
from unievp.lib.constraints import choice_check


class AdjustmentKind(models.TextChoices):
    """What a person may have booked; which accounts: `payments.services.adjustments`."""

    TOP_UP = "top_up", _("Our own money at the gateway")
    WITHDRAWAL = "withdrawal", _("From the gateway to our bank")
    UNMATCHED = "unmatched", _("Money at the gateway that matches nothing")
    SUSPENSE_TO_CPO = "suspense_to_cpo", _("Matches nothing: it is a company's")
    SUSPENSE_RETURNED = "suspense_returned", _("Matches nothing: sent back at the gateway")
    SUSPENSE_KEPT = "suspense_kept", _("Matches nothing: the platform keeps it")
    GATEWAY_MORE = "gateway_more", _("The gateway has a little more (rounding)")
    GATEWAY_LESS = "gateway_less", _("The gateway has a little less (rounding)")
    CPO_CREDIT = "cpo_credit", _("Credit to a company")
    CPO_DEBIT = "cpo_debit", _("Debit of a company")
    PARTNER_PAID = "partner_paid", _("A roaming partner paid us")
    PAID_PARTNER = "paid_partner", _("We paid a roaming partner")
    DRIVER_PAID = "driver_paid", _("A driver paid what is owed")
    PAID_DRIVER = "paid_driver", _("We paid a driver back")


class Adjustment(models.Model):
    """A booking that one person proposes and another one decides (payments.md §7.4).

    Differences are never corrected by themselves. `config` is whose balance it is about, `cpo`
    whose wallet, `partner_reference` which roaming partner, `driver` whose debt, where the kind is
    about one. `transfer` names the money at the bank: each is recorded once.
    """

    kind = models.CharField(_("kind"), max_length=24, choices=AdjustmentKind)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    config = models.ForeignKey(
        ProviderConfig,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="adjustments",
        verbose_name=_("provider"),
    )
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="adjustments",
        verbose_name=_("CPO"),
    )
    partner_reference = models.CharField(
        _("partner"), max_length=40, blank=True, default="", editable=False
    )
    partner_name = models.CharField(
        _("partner's name"), max_length=120, blank=True, default="", editable=False
    )
    driver = models.ForeignKey(
        Driver,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="adjustments",
        verbose_name=_("driver"),
    )
    transfer = models.CharField(
        _("transfer"), max_length=80, blank=True, default="", help_text=_("As the bank calls it.")
    )
    reason = models.CharField(_("reason"), max_length=300)
    status = models.CharField(
        _("status"), max_length=16, choices=AdjustmentStatus, default=AdjustmentStatus.PROPOSED
    )
    proposed_at = models.DateTimeField(_("proposed"))
    proposed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    booking = models.OneToOneField(
        LedgerTransaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="adjustment",
        verbose_name=_("booking"),
    )

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        ordering = ("-proposed_at", "-id")
        constraints: ClassVar = [
            choice_check("kind", AdjustmentKind, name="adjustment_kind_is_known"),
            choice_check("status", AdjustmentStatus, name="adjustment_status_is_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="adjustment_has_an_amount"),
            models.CheckConstraint(condition=~Q(reason=""), name="adjustment_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(kind__in=["partner_paid", "paid_partner"])
                | (~Q(partner_reference="") & ~Q(transfer="")),
                name="adjustment_with_a_partner_names_it_and_the_transfer",
            ),
            models.UniqueConstraint(
                fields=["kind", "partner_reference", "transfer"],
                condition=~Q(partner_reference="") & ~Q(status="refused"),
                name="adjustment_of_a_transfer_with_a_partner_is_one",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["driver_paid", "paid_driver"])
                | (Q(driver__isnull=False) & ~Q(transfer="")),
                name="adjustment_with_a_driver_names_them_and_the_transfer",
            ),
            models.UniqueConstraint(
                fields=["kind", "driver", "transfer"],
                condition=Q(driver__isnull=False) & ~Q(status="refused"),
                name="adjustment_of_a_transfer_with_a_driver_is_one",
            ),
            models.CheckConstraint(
                condition=~Q(status="booked")
                | (
                    Q(booking__isnull=False)
                    & Q(decided_by__isnull=False)
                    & ~Q(decided_by=F("proposed_by"))
                ),
                name="adjustment_is_booked_by_another_than_proposed_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.amount}"
