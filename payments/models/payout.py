from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.provider import ProviderConfig
from payments.models.refund import Refund
from payments.models.settlement import Settlement
from payments.states import PayoutStatus
from unievp.lib.constraints import choice_check
from unievp.lib.secrets import EncryptedTextField


class Payout(models.Model):
    """One transfer order at a gateway: for a settlement, or for a refund that takes this way.

    `reference` is the idempotency key. The receiver is copied here, so that a retry after a
    time-out has the same body to the byte. `sending` without an answer is asked for, never sent
    anew under another reference.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    settlement = models.ForeignKey(
        Settlement,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payouts",
        verbose_name=_("settlement"),
    )
    refund = models.ForeignKey(
        Refund,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payouts",
        verbose_name=_("refund"),
    )
    config = models.ForeignKey(
        ProviderConfig, on_delete=models.PROTECT, related_name="payouts", verbose_name=_("provider")
    )
    reference = models.CharField(_("reference"), max_length=50, unique=True)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    bank_code = models.CharField(_("bank"), max_length=32)
    account_name = models.CharField(_("account holder"), max_length=120)
    account_number = EncryptedTextField(_("account number"))
    description = models.CharField(_("description"), max_length=100, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=PayoutStatus, default=PayoutStatus.NEW
    )
    gateway_id = models.CharField(_("id at the gateway"), max_length=80, blank=True)
    fee = models.BigIntegerField(_("fee"), null=True, blank=True)
    failure = models.CharField(_("why it failed"), max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    checked_at = models.DateTimeField(_("last looked at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    tenant_path: ClassVar[str] = "settlement__cpo"

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            choice_check("status", PayoutStatus, name="payout_status_is_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(settlement__isnull=False, refund__isnull=True)
                | Q(settlement__isnull=True, refund__isnull=False),
                name="payout_has_one_purpose",
            ),
            models.UniqueConstraint(
                fields=["settlement"],
                condition=Q(status__in=["new", "sending", "submitted", "processing", "unknown"])
                | Q(status="paid"),
                name="payout_one_that_may_arrive_per_settlement",
            ),
            models.UniqueConstraint(
                fields=["refund"],
                condition=Q(status__in=["new", "sending", "submitted", "processing", "unknown"])
                | Q(status="paid"),
                name="payout_one_that_may_arrive_per_refund",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["checked_at"],
                name="payout_open",
                condition=Q(status__in=["new", "sending", "submitted", "processing", "unknown"]),
            ),
        ]

    def __str__(self) -> str:
        return self.reference
