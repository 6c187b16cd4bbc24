from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO


class TransferFeeQuerySet(models.QuerySet["TransferFee"]):
    def in_force(self, cpo: CPO, at: datetime) -> TransferFee | None:
        """The company's own row before everybody's, then the newest that began."""
        rows = self.filter(Q(cpo=cpo) | Q(cpo=None), valid_from__lte=at)
        return rows.order_by(F("cpo").asc(nulls_last=True), "-valid_from").first()


class TransferFee(models.Model):
    """What of each transfer's cost a company bears from `valid_from` on: kept back from it.

    Without `cpo` for every company that has no row of its own; 0: the platform bears it. Without a
    row the settings decide. A settlement keeps the fee of the moment it was asked for.
    """

    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transfer_fees",
        verbose_name=_("CPO"),
        help_text=_("Empty: every company without a row of its own."),
    )
    fee = models.BigIntegerField(_("fee kept back"), help_text=_("0: the platform bears it."))
    valid_from = models.DateTimeField(_("valid from"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = TransferFeeQuerySet.as_manager()

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("transfer fee")
        verbose_name_plural = _("transfer fees")
        ordering = ("-valid_from", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cpo", "valid_from"], name="transfer_fee_one_per_cpo_and_time"
            ),
            models.UniqueConstraint(
                fields=["valid_from"],
                condition=Q(cpo__isnull=True),
                name="transfer_fee_one_for_everybody_per_time",
            ),
            models.CheckConstraint(condition=Q(fee__gte=0), name="transfer_fee_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.cpo or '*'}: {self.fee}"
