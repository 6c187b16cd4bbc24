from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO, ApiKey
from payments.states import OPEN_SETTLEMENTS, SettlementStatus
from unievp.lib.constraints import choice_check
from unievp.lib.secrets import EncryptedTextField


class Settlement(models.Model):
    """Money on its way from the wallet to the CPO's bank; on hold while it is open.

    The bank account is copied at the request: a later change redirects nothing. `proof` is the
    bank's reference of a manual transfer.
    """

    cpo = models.ForeignKey(
        CPO, on_delete=models.PROTECT, related_name="settlements", verbose_name=_("CPO")
    )
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    amount = models.BigIntegerField(_("amount"))
    # What the bank or the gateway took of us, and what of it the company bears: that is kept back
    # from the transfer, and fixed at the request.
    fee = models.BigIntegerField(_("transfer fee"), default=0)
    charged_fee = models.BigIntegerField(_("fee kept back"), default=0)
    status = models.CharField(
        _("status"), max_length=16, choices=SettlementStatus, default=SettlementStatus.REQUESTED
    )
    # A person, or an API key; never both.
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    requested_key = models.ForeignKey(
        ApiKey,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested with the API key"),
    )
    requested_at = models.DateTimeField(_("requested"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_key = models.ForeignKey(
        ApiKey,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided with the API key"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    bank_code = models.CharField(_("bank"), max_length=32, blank=True)
    bank_account_name = models.CharField(_("account holder"), max_length=120, blank=True)
    bank_account_number = EncryptedTextField(_("account number"), blank=True)
    proof = models.TextField(_("proof of the transfer"), blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        ordering = ("-requested_at", "-id")
        constraints: ClassVar = [
            choice_check("status", SettlementStatus, name="settlement_status_is_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="settlement_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(fee__gte=0, fee__lt=F("amount")), name="settlement_fee_leaves_something"
            ),
            models.CheckConstraint(
                condition=Q(charged_fee__gte=0, charged_fee__lt=F("amount")),
                name="settlement_fee_kept_back_leaves_something",
            ),
            models.UniqueConstraint(
                fields=["cpo"],
                condition=Q(status__in=[status.value for status in OPEN_SETTLEMENTS]),
                name="settlement_one_open_per_cpo",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "submitting", "submitted", "processing"])
                & ~Q(status__in=["paid", "rejected", "reversed"])
                | Q(decided_by__isnull=False, decided_at__isnull=False)
                | Q(decided_key__isnull=False, decided_at__isnull=False),
                name="settlement_that_is_decided_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["rejected", "cancelled"])
                | Q(decided_by__isnull=True)
                | ~Q(decided_by=F("requested_by")),
                name="settlement_is_approved_by_another_person",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["rejected", "cancelled"])
                | Q(decided_key__isnull=True)
                | Q(requested_key__isnull=True)
                | ~Q(decided_key=F("requested_key")),
                name="settlement_is_approved_by_another_key",
            ),
            models.CheckConstraint(
                condition=~Q(status="paid") | Q(paid_at__isnull=False),
                name="settlement_that_is_paid_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["cpo", "-requested_at"], name="settlement_by_cpo"),
            models.Index(fields=["status", "requested_at"], name="settlement_by_status"),
        ]

    def __str__(self) -> str:
        return f"STL-{self.pk:06d}" if self.pk else "STL"

    @property
    def transfer_amount(self) -> int:
        """What the bank is told to send."""
        return self.amount - self.charged_fee


class SettlementStatusChange(models.Model):
    """Who moved a settlement to which status, and why: one row per change."""

    settlement = models.ForeignKey(
        Settlement,
        on_delete=models.PROTECT,
        related_name="status_changes",
        verbose_name=_("settlement"),
    )
    at = models.DateTimeField(_("time"))
    status = models.CharField(_("status"), max_length=16, choices=SettlementStatus)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    tenant_path: ClassVar[str] = "settlement__cpo"

    class Meta:
        verbose_name = _("settlement status change")
        verbose_name_plural = _("settlement status changes")
        ordering = ("at", "id")
        constraints: ClassVar = [
            choice_check(
                "status", SettlementStatus, name="settlement_status_change_status_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.settlement_id}: {self.status}"
