"""Why a charger that we know was not let in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger, RefusalReason
from unievp.lib.constraints import choice_check


class RefusedHandshake(models.Model):
    """The latest refusal of a known charger: one row, counting. Strangers: `UnknownCharger`."""

    charger = models.OneToOneField(
        Charger,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="refused_handshake",
        verbose_name=_("charger"),
    )
    reason = models.CharField(_("reason"), max_length=32, choices=RefusalReason)
    asked_for = models.CharField(_("path"), max_length=255, blank=True)
    remote_address = models.CharField(_("address"), max_length=64, blank=True)
    subprotocols = models.CharField(_("subprotocols offered"), max_length=200, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=1)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("refused handshake")
        verbose_name_plural = _("refused handshakes")
        ordering = ("-last_seen_at",)
        constraints: ClassVar = [
            choice_check("reason", RefusalReason, name="refused_handshake_reason_is_known"),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()
