from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger


class PresenceChange(models.Model):
    """When a charger came and when it was gone: one row per change of `Presence.online`.

    A trigger writes it in the transaction that changes the presence, so whoever does that cannot
    forget it. `at` of an end is when the charger was last heard of, not when we noticed; no row is
    before the one that it follows.
    """

    charger = models.ForeignKey(
        Charger,
        on_delete=models.CASCADE,
        related_name="presence_changes",
        verbose_name=_("charger"),
        db_index=False,
    )
    at = models.DateTimeField(_("time"))
    online = models.BooleanField(_("online"))

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("presence change")
        verbose_name_plural = _("presence changes")
        ordering = ("-at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["charger", "-at", "-id"], name="presence_change_of_a_charger"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {'online' if self.online else 'offline'}"
