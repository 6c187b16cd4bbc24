"""What chargers say about attacks and changes (security white paper §A04)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from unievp.lib.constraints import choice_check


class Severity(models.TextChoices):
    CRITICAL = "critical", _("Critical")
    NOTICE = "notice", _("Notice")


class SecurityEvent(models.Model):
    """One SecurityEventNotification; sent again it is the same row.

    `kind` is free text: chargers have events of their own. A critical event stays on the home page
    until somebody says that it was seen.
    """

    charger = models.ForeignKey(
        Charger,
        on_delete=models.CASCADE,
        related_name="security_events",
        verbose_name=_("charger"),
    )
    kind = models.CharField(_("event"), max_length=50)
    severity = models.CharField(_("severity"), max_length=16, choices=Severity)
    tech_info = models.CharField(_("details"), max_length=255, blank=True)
    occurred_at = models.DateTimeField(_("happened"))
    received_at = models.DateTimeField(_("received"))
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("seen by"),
    )

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        ordering = ("-received_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["charger", "occurred_at", "kind", "tech_info"],
                name="security_event_is_stored_once",
            ),
            choice_check("severity", Severity, name="security_event_severity_is_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-received_at"], name="security_event_by_time"),
            models.Index(
                fields=["received_at"],
                name="security_event_not_seen",
                condition=models.Q(severity="critical", seen_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.kind
