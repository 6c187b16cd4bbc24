from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chargers.models import Command, IdToken, RemoteStart
from payments.models.intent import PaymentIntent
from payments.states import ChargeStatus, StopReason
from tariffs.models import TariffVersion
from unievp.lib.constraints import choice_check


class PrepaidCharge(models.Model):
    """What a payment buys at a connector: a start, a guarded charge, a bill, the rest back.

    `tariff_snapshot` is the price that the driver saw; the session is billed by it. `id_token` is
    made for this one start and good at this charger only. The session is the intent's.
    """

    intent = models.OneToOneField(
        PaymentIntent, on_delete=models.PROTECT, related_name="charge", verbose_name=_("payment")
    )
    status = models.CharField(
        _("status"), max_length=16, choices=ChargeStatus, default=ChargeStatus.WAITING
    )
    tariff_version = models.ForeignKey(
        TariffVersion, on_delete=models.PROTECT, related_name="+", verbose_name=_("tariff")
    )
    tariff_snapshot = models.JSONField(_("price that was promised"))
    id_token = models.OneToOneField(
        IdToken,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="prepaid_charge",
        verbose_name=_("id token"),
    )
    remote_start = models.OneToOneField(
        RemoteStart,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="prepaid_charge",
        verbose_name=_("remote start"),
    )
    failure = models.CharField(_("why nothing started"), max_length=200, blank=True)
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
    look_at = models.DateTimeField(_("next look at the meter"), null=True, blank=True)
    trouble = models.CharField(_("what a person has to look at"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    tenant_path: ClassVar[str] = "intent__cpo"

    class Meta:
        verbose_name = _("prepaid charge")
        verbose_name_plural = _("prepaid charges")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            choice_check("status", ChargeStatus, name="prepaid_charge_status_is_known"),
            models.CheckConstraint(
                condition=Q(stop_reason__in=["", *StopReason.values]),
                name="prepaid_charge_stop_reason_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="starting") | Q(remote_start__isnull=False),
                name="prepaid_charge_that_starts_was_asked_for",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(failure=""),
                name="prepaid_charge_that_failed_says_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["look_at"],
                name="prepaid_charge_to_guard",
                condition=Q(status="charging"),
            ),
            models.Index(
                fields=["created_at"],
                name="prepaid_charge_starting",
                condition=Q(status="starting"),
            ),
            models.Index(
                fields=["-created_at"],
                name="prepaid_charge_in_trouble",
                condition=~Q(trouble=""),
            ),
        ]

    def __str__(self) -> str:
        return str(self.intent)
