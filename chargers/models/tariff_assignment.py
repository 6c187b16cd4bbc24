from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.connector import Connector
from tariffs.models import TariffTemplate


class TariffAssignment(models.Model):
    """Which tariff a charger (or one connector of it) sells at, and from when to when.

    A connector's own assignment wins over its charger's. Two for the same thing at the same
    time are refused by an exclusion constraint (migration 0003).
    """

    template = models.ForeignKey(
        TariffTemplate,
        on_delete=models.PROTECT,
        related_name="assignments",
        verbose_name=_("tariff"),
    )
    charger = models.ForeignKey(
        Charger,
        on_delete=models.CASCADE,
        related_name="tariff_assignments",
        verbose_name=_("charger"),
    )
    connector = models.ForeignKey(
        Connector,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tariff_assignments",
        verbose_name=_("connector"),
        help_text=_("Empty: all connectors of the charger."),
    )
    valid_from = models.DateTimeField(_("valid from"))
    valid_to = models.DateTimeField(_("valid to"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("tariff assignment")
        verbose_name_plural = _("tariff assignments")
        ordering = ("charger", "connector", "valid_from")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True)
                | models.Q(valid_to__gt=models.F("valid_from")),
                name="tariff_assignment_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} → {self.connector or self.charger}"
