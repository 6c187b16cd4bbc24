from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ocpi.models.partner import Partner
from unievp.lib.constraints import choice_check


class Direction(models.TextChoices):
    IN = "in", _("From the partner")
    OUT = "out", _("To the partner")


class Exchange(models.Model):
    """One request and its answer: who called whom, what was said, how long it took.

    Bodies without tokens, cut after 8,000 characters. Rows go after OCPI_LOG_DAYS.
    """

    partner = models.ForeignKey(
        Partner,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="exchanges",
        verbose_name=_("partner"),
    )
    at = models.DateTimeField(_("time"), db_default=Now())
    direction = models.CharField(_("direction"), max_length=3, choices=Direction)
    module = models.CharField(_("module"), max_length=64, blank=True)
    method = models.CharField(_("method"), max_length=8)
    url = models.CharField(_("address"), max_length=500)
    request_id = models.CharField("X-Request-ID", max_length=64, blank=True)
    correlation_id = models.CharField("X-Correlation-ID", max_length=64, blank=True)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(_("OCPI status"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), default=0)
    request = models.TextField(_("request"), blank=True)
    response = models.TextField(_("answer"), blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "partner__cpo"

    class Meta:
        verbose_name = _("OCPI exchange")
        verbose_name_plural = _("OCPI log")
        ordering = ("-at", "-id")
        constraints: ClassVar = [
            choice_check("direction", Direction, name="ocpi_exchange_direction_is_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["partner", "-at"], name="ocpi_exchange_by_partner"),
            models.Index(fields=["-at"], name="ocpi_exchange_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.url}"
