from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.provider import ProviderConfig


class GatewayBalance(models.Model):
    """What a gateway said it holds for us, beside what the ledger says (payments.md §7.4).

    `in_flight`: transfers and refunds that the gateway may have taken off already and the ledger
    books when they are confirmed. `told` fits between `booked - in_flight` and `booked`.
    """

    config = models.ForeignKey(
        ProviderConfig,
        on_delete=models.PROTECT,
        related_name="balances",
        verbose_name=_("provider"),
    )
    at = models.DateTimeField(_("time"))
    told = models.BigIntegerField(_("the gateway says"))
    booked = models.BigIntegerField(_("the ledger says"))
    in_flight = models.BigIntegerField(_("on its way"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="IDR")

    tenant_path: ClassVar[str] = "config__cpo"

    class Meta:
        verbose_name = _("balance at a gateway")
        verbose_name_plural = _("balances at gateways")
        ordering = ("-at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["config", "at"], name="gateway_balance_is_read_once"),
        ]

    def __str__(self) -> str:
        return f"{self.config} {self.at:%Y-%m-%d %H:%M}"

    @property
    def difference(self) -> int:
        """0 where it fits; else how far from the nearest figure that would."""
        if self.told > self.booked:
            return self.told - self.booked
        return min(0, self.told - (self.booked - self.in_flight))
