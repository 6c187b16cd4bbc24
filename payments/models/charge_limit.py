from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chargers.models import Command, RemoteStart
from payments.states import StopReason


class ChargeLimit(models.Model):
    """How far a remotely started charge may go; the first limit that is reached stops it.

    Without a payment: a prepaid charge has limits of its own. `amount` in minor units of the
    session's currency. Open until the session ends, or nothing started (`ended_at`).
    """

    remote_start = models.OneToOneField(
        RemoteStart,
        on_delete=models.PROTECT,
        related_name="charge_limit",
        verbose_name=_("remote start"),
    )
    energy_wh = models.PositiveIntegerField(_("energy (Wh)"), null=True, blank=True)
    amount = models.PositiveBigIntegerField(_("amount"), null=True, blank=True)
    minutes = models.PositiveIntegerField(_("minutes"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    look_at = models.DateTimeField(_("next look at the meter"), null=True, blank=True)
    stop_reason = models.CharField(
        _("why we stopped it"), max_length=16, choices=StopReason, blank=True
    )
    stop_command = models.ForeignKey(
        Command,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("latest stop"),
    )
    stop_tries = models.PositiveSmallIntegerField(_("stops asked for"), default=0)
    stop_repeated_at = models.DateTimeField(_("latest stop asked for"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    tenant_path: ClassVar[str] = "remote_start__charger__cpo"

    class Meta:
        verbose_name = _("limit of a charge")
        verbose_name_plural = _("limits of charges")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(energy_wh__gt=0) | Q(amount__gt=0) | Q(minutes__gt=0),
                name="charge_limit_limits_something",
            ),
            models.CheckConstraint(
                condition=Q(stop_reason__in=["", "amount", "energy", "minutes"]),
                name="charge_limit_stop_reason_is_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["look_at"],
                name="charge_limit_to_guard",
                condition=Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.remote_start)
