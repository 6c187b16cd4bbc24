from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO


class CommissionRateQuerySet(models.QuerySet["CommissionRate"]):
    def in_force(self, cpo: CPO, at: datetime) -> CommissionRate | None:
        return self.filter(cpo=cpo, valid_from__lte=at).order_by("-valid_from").first()


class CommissionRate(models.Model):
    """What the platform keeps of a CPO's bills from `valid_from` on.

    `percent` of the bill without tax plus `fixed` minor units per session, never more than the
    bill without tax. Without a row the platform's default applies.
    """

    cpo = models.ForeignKey(
        CPO, on_delete=models.PROTECT, related_name="commission_rates", verbose_name=_("CPO")
    )
    percent = models.DecimalField(_("percent"), max_digits=7, decimal_places=4, default=Decimal(0))
    fixed = models.BigIntegerField(_("fixed per session"), default=0)
    valid_from = models.DateTimeField(_("valid from"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = CommissionRateQuerySet.as_manager()

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("commission rate")
        verbose_name_plural = _("commission rates")
        ordering = ("cpo", "-valid_from")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cpo", "valid_from"], name="commission_rate_one_per_cpo_and_time"
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lte=100),
                name="commission_percent_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=models.Q(fixed__gte=0), name="commission_fixed_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cpo}: {self.percent.normalize():f} %"
