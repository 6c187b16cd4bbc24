from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Direction(models.TextChoices):
    IN = "in", _("from the charger")
    OUT = "out", _("to the charger")


class Frame(models.Model):
    """One exchange on the wire: a CALL and the answer it got, or a frame that was no CALL.

    Call and answer share a row: that is how a person reads them, and it halves the rows of
    the busiest table. Partitioned by day of `at`; the database's key is (id, at).
    Passwords and keys are redacted before the row is made (`chargers.ocpp.redaction`).
    `outcome`: "result", a CALLERROR code, "timeout", "malformed", or empty while it is open.
    """

    id = models.BigAutoField(primary_key=True)
    charger_id = models.BigIntegerField(_("charger"))
    at = models.DateTimeField(_("time"))
    direction = models.CharField(_("direction"), max_length=3, choices=Direction)
    message_id = models.CharField(_("message id"), max_length=64, blank=True)
    action = models.CharField(_("action"), max_length=64, blank=True)
    request = models.TextField(_("request"))
    response = models.TextField(_("answer"), blank=True)
    latency_us = models.IntegerField(_("latency (µs)"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=32, blank=True)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("frame")
        verbose_name_plural = _("wire log")
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.direction} {self.action}"
