from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger


class StopLatency(models.Model):
    """How long a charger takes from our RemoteStop to its StopTransaction, smoothed.

    Mean and mean deviation as in RFC 6298 (TCP's round trips): one slow stop is remembered for a
    while, a steady charger is trusted closely. Milliseconds.
    """

    charger = models.OneToOneField(
        Charger, on_delete=models.CASCADE, related_name="stop_latency", verbose_name=_("charger")
    )
    mean_ms = models.PositiveIntegerField(_("mean (ms)"))
    deviation_ms = models.PositiveIntegerField(_("deviation (ms)"))
    samples = models.PositiveIntegerField(_("stops measured"), default=1)
    measured_at = models.DateTimeField(_("latest"))

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("stop latency")
        verbose_name_plural = _("stop latencies")

    def __str__(self) -> str:
        return f"{self.mean_ms} ms"
