from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from ocpi.models.contract import OwnToken
from ocpi.models.partner import Partner
from unievp.lib.constraints import choice_check


class ForeignStatus(models.TextChoices):
    """OCPI 2.2.1 SessionStatus, of sessions elsewhere."""

    PENDING = "PENDING", _("Pending")
    RESERVATION = "RESERVATION", _("Reserved")
    ACTIVE = "ACTIVE", _("Charging")
    COMPLETED = "COMPLETED", _("Completed")
    INVALID = "INVALID", _("Invalid")


class ForeignSession(models.Model):
    """A session of our driver at another operator's charger, as that operator tells it.

    `own_token` is empty where the token is none of ours: kept all the same, because a CDR may
    follow. Costs in major units of `currency`.
    """

    partner = models.ForeignKey(
        Partner,
        on_delete=models.PROTECT,
        related_name="foreign_sessions",
        verbose_name=_("partner"),
    )
    country_code = models.CharField(_("country code"), max_length=2)
    party_id = models.CharField(_("party id"), max_length=3)
    ocpi_id = models.CharField(_("OCPI id"), max_length=36)
    own_token = models.ForeignKey(
        OwnToken,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions_elsewhere",
        verbose_name=_("token of ours"),
    )
    status = models.CharField(_("status"), max_length=11, choices=ForeignStatus)
    energy_wh = models.BigIntegerField(_("energy (Wh)"), default=0)
    total_excl = models.DecimalField(
        _("cost without tax"), max_digits=20, decimal_places=6, null=True, blank=True
    )
    total_incl = models.DecimalField(
        _("cost with tax"), max_digits=20, decimal_places=6, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    location_id = models.CharField(_("location"), max_length=36)
    evse_uid = models.CharField(_("EVSE"), max_length=36)
    connector_id = models.CharField(_("connector"), max_length=36)
    authorization_reference = models.CharField(_("reference"), max_length=36, blank=True)
    body = models.TextField(_("as the partner sent it"))
    last_updated = models.DateTimeField(_("changed"), help_text=_("By the partner's clock."))
    received_at = models.DateTimeField(_("received"))
    cdr_missed_at = models.DateTimeField(
        _("CDR missed since"),
        null=True,
        blank=True,
        help_text=_("When we noticed that it was over and no CDR had come."),
    )

    tenant_path: ClassVar[str] = "platform"
    driver_path: ClassVar[str] = "own_token__contract__driver"

    class Meta:
        verbose_name = _("session elsewhere")
        verbose_name_plural = _("sessions elsewhere")
        ordering = ("-started_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "partner",
                Upper("country_code"),
                Upper("party_id"),
                Upper("ocpi_id"),
                name="foreign_session_is_one_per_party_and_id",
            ),
            choice_check("status", ForeignStatus, name="foreign_session_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(energy_wh__gte=0),
                name="foreign_session_energy_is_not_negative",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["own_token", "-started_at"], name="foreign_session_by_token"),
            models.Index(
                fields=["received_at"],
                name="foreign_session_awaits_cdr",
                condition=models.Q(status="COMPLETED", cdr_missed_at__isnull=True),
            ),
            models.Index(
                fields=["authorization_reference"],
                name="foreign_session_by_reference",
                condition=~models.Q(authorization_reference=""),
            ),
        ]

    def __str__(self) -> str:
        return self.ocpi_id
