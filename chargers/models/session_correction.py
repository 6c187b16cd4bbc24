from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chargers.models.session import ChargingSession
from unievp.lib.constraints import choice_check


class CorrectionStatus(models.TextChoices):
    OPEN = "open", _("To be settled")
    DONE = "done", _("Settled")


class SessionCorrection(models.Model):
    """The charger's own Stop came after a session that we had ended ourselves was billed.

    The session has the charger's figures since; its bill has those from before and is never
    edited. Open until somebody has made good for the difference and said how.
    """

    session = models.ForeignKey(
        ChargingSession,
        on_delete=models.PROTECT,
        related_name="corrections",
        verbose_name=_("session"),
    )
    found_at = models.DateTimeField(_("found"), db_default=Now())
    billed_energy_wh = models.BigIntegerField(_("energy billed (Wh)"))
    billed_ended_at = models.DateTimeField(_("end billed"))
    energy_wh = models.BigIntegerField(_("energy by the charger (Wh)"))
    ended_at = models.DateTimeField(_("end by the charger"))
    doubts = models.CharField(_("doubts"), max_length=200, blank=True)
    status = models.CharField(
        _("status"), max_length=8, choices=CorrectionStatus, default=CorrectionStatus.OPEN
    )
    resolution = models.CharField(_("how it was settled"), max_length=300, blank=True)
    resolved_by = models.CharField(_("settled by"), max_length=150, blank=True)
    resolved_at = models.DateTimeField(_("settled"), null=True, blank=True)

    tenant_path: ClassVar[str] = "session__cpo"

    class Meta:
        verbose_name = _("session correction")
        verbose_name_plural = _("session corrections")
        ordering = ("-found_at", "-id")
        constraints: ClassVar = [
            choice_check("status", CorrectionStatus, name="session_correction_status_is_known"),
            models.UniqueConstraint(
                fields=["session"],
                condition=models.Q(status="open"),
                name="session_has_one_open_correction",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="done") | ~models.Q(resolution=""),
                name="session_correction_that_is_settled_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.session.transaction_id}: {self.billed_energy_wh} → {self.energy_wh} Wh"
