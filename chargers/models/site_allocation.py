from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.command import Command
from chargers.models.connector import Connector
from chargers.models.session import ChargingSession
from chargers.models.site_budget import SiteBudget
from unievp.lib.constraints import choice_check


class AllocationReason(models.TextChoices):
    """Why a connector has the limit that it has."""

    IDLE = "idle", _("No car charges")
    FULL = "full", _("All it can take")
    DEMAND = "demand", _("The car takes less than its share")
    SHARE = "share", _("Its fair share")
    WAITING = "waiting", _("Waits for its turn")
    CAPPED = "capped", _("A partner lets it have no more")
    OFFLINE = "offline", _("Offline: counts with its fallback")
    REFUSED = "refused", _("Refuses limits: counts in full")
    DISABLED = "disabled", _("The budget is off")
    APART = "apart", _("Does not count")


class SiteAllocation(models.Model):
    """What one connector has of its site's budget now.

    mA per phase. `limit_ma` was confirmed by the charger and lasts until `limit_until`; `sent_ma`
    is on its way; `counted_ma` is what the budget counts it with, never less than what the charger
    may be allowing. `target_ma` is what the computation `version` wants.
    """

    budget = models.ForeignKey(SiteBudget, on_delete=models.CASCADE, related_name="allocations")
    connector = models.OneToOneField(
        Connector,
        on_delete=models.CASCADE,
        related_name="site_allocation",
        verbose_name=_("connector"),
    )
    session = models.ForeignKey(
        ChargingSession,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("session"),
    )
    version = models.PositiveIntegerField(_("computation"), default=0)
    reason = models.CharField(
        _("why"), max_length=16, choices=AllocationReason, default=AllocationReason.IDLE
    )
    target_ma = models.PositiveIntegerField(_("share (mA)"), default=0)
    counted_ma = models.PositiveIntegerField(_("counts with (mA)"), default=0)
    limit_ma = models.PositiveIntegerField(_("limit (mA)"), null=True, blank=True)
    limit_until = models.DateTimeField(_("lasts until"), null=True, blank=True)
    limit_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    sent_ma = models.PositiveIntegerField(_("on its way (mA)"), null=True, blank=True)
    sent_until = models.DateTimeField(null=True, blank=True)
    command = models.ForeignKey(
        Command,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("command"),
    )
    demand_ma = models.PositiveIntegerField(_("would take (mA)"), null=True, blank=True)
    measured_ma = models.PositiveIntegerField(_("takes (mA)"), null=True, blank=True)
    served_since = models.DateTimeField(_("charges since"), null=True, blank=True)
    waiting_since = models.DateTimeField(_("waits since"), null=True, blank=True)

    tenant_path: ClassVar[str] = "budget__location__cpo"

    class Meta:
        verbose_name = _("share of a power budget")
        verbose_name_plural = _("shares of a power budget")
        ordering = ("connector",)
        constraints: ClassVar = [
            choice_check("reason", AllocationReason, name="site_allocation_reason_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.connector}: {self.counted_ma} mA"


class SiteAllocationChange(models.Model):
    """What a computation changed for a connector."""

    budget = models.ForeignKey(
        SiteBudget, on_delete=models.CASCADE, related_name="changes", verbose_name=_("budget")
    )
    connector = models.ForeignKey(
        Connector, on_delete=models.CASCADE, related_name="+", verbose_name=_("connector")
    )
    session = models.ForeignKey(
        ChargingSession,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("session"),
    )
    at = models.DateTimeField(_("time"))
    version = models.PositiveIntegerField(_("computation"))
    before_ma = models.PositiveIntegerField(_("before (mA)"))
    after_ma = models.PositiveIntegerField(_("share (mA)"))
    counted_ma = models.PositiveIntegerField(_("counts with (mA)"))
    reason = models.CharField(_("why"), max_length=16, choices=AllocationReason)

    tenant_path: ClassVar[str] = "budget__location__cpo"

    class Meta:
        verbose_name = _("change of a share")
        verbose_name_plural = _("changes of shares")
        ordering = ("-at", "-id")
        constraints: ClassVar = [
            choice_check("reason", AllocationReason, name="site_allocation_change_reason_is_known"),
            models.UniqueConstraint(
                fields=["budget", "version", "connector"],
                name="site_allocation_changes_once_per_computation",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["budget", "-at"], name="site_allocation_change_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.connector}: {self.before_ma} → {self.after_ma} mA"
