from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from ocpi.models.partner import Partner
from ocpi.models.party import PartyRole
from unievp.lib.constraints import choice_check


class ConnectionStatus(models.TextChoices):
    """OCPI 2.2.1 ConnectionStatus."""

    CONNECTED = "CONNECTED", _("Connected")
    OFFLINE = "OFFLINE", _("Offline")
    PLANNED = "PLANNED", _("Planned")
    SUSPENDED = "SUSPENDED", _("Suspended")


class HubClient(models.Model):
    """Somebody behind a hub, and whether the hub reaches them, as it says (OCPI 2.2.1 §15)."""

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="hub_clients", verbose_name=_("hub")
    )
    country_code = models.CharField(_("country code"), max_length=2)
    party_id = models.CharField(_("party id"), max_length=3)
    role = models.CharField(_("role"), max_length=8, choices=PartyRole)
    status = models.CharField(_("status"), max_length=9, choices=ConnectionStatus)
    last_updated = models.DateTimeField(_("changed"))

    tenant_path: ClassVar[str] = "partner__cpo"

    class Meta:
        verbose_name = _("party behind a hub")
        verbose_name_plural = _("parties behind hubs")
        ordering = ("partner", "country_code", "party_id", "role")
        constraints: ClassVar = [
            choice_check("role", PartyRole, name="hub_client_role_is_known"),
            choice_check("status", ConnectionStatus, name="hub_client_status_is_known"),
            models.UniqueConstraint(
                "partner",
                Upper("country_code"),
                Upper("party_id"),
                "role",
                name="hub_client_is_kept_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country_code}-{self.party_id} ({self.role})"
