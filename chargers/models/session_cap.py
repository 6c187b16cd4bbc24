from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charging_profile import RateUnit
from chargers.models.session import ChargingSession
from unievp.lib.constraints import choice_check


class SessionCap(models.Model):
    """What a session may draw at most in somebody else's eyes, at a site with a power budget.

    The charger never gets it: the budget's own limits stay at or below it (docs/smart-charging.md).
    `periods` are [seconds from `start_at`, limit as text], in `rate_unit`: A per phase, W in total.
    One per session, the newest, without periods once it was lifted; it ends with the session.
    """

    session = models.OneToOneField(
        ChargingSession,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="cap",
        verbose_name=_("session"),
    )
    rate_unit = models.CharField(_("unit"), max_length=1, choices=RateUnit)
    start_at = models.DateTimeField(_("schedule starts"))
    duration_s = models.PositiveIntegerField(_("duration (s)"), null=True, blank=True)
    periods = models.JSONField(_("limits"), default=list)
    is_sent = models.BooleanField(
        _("sent"), default=False, help_text=_("A limit that knows of it has left for the charger.")
    )
    set_by = models.CharField(_("set by"), max_length=150)
    set_at = models.DateTimeField(_("set"))

    tenant_path: ClassVar[str] = "session__cpo"

    class Meta:
        verbose_name = _("cap of a session")
        verbose_name_plural = _("caps of sessions")
        constraints: ClassVar = [
            choice_check("rate_unit", RateUnit, name="session_cap_unit_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.session} · {self.set_by}"
