from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from chargers.models.session import ChargingSession
from unievp.lib.constraints import choice_check


class RemoteStartStatus(models.TextChoices):
    ASKED = "asked", _("Asked for")
    # The charger means to start; it waits for the car, or asks for the tag.
    ACCEPTED = "accepted", _("Waiting for the charger")
    STARTED = "started", _("Started")
    FAILED = "failed", _("Did not start")


OPEN_REMOTE_STARTS = (RemoteStartStatus.ASKED, RemoteStartStatus.ACCEPTED)


class RemoteStart(models.Model):
    """The wish that a session starts, from RemoteStartTransaction to its session or its failure.

    "Accepted" only says that the charger will try (OCPP 1.6 §5.11): it is open until a session of
    its connector and tag starts, or until `expires_at`. Then `reason` says why nothing did. Nothing
    is sent a second time.
    """

    command = models.OneToOneField(
        Command, on_delete=models.PROTECT, related_name="remote_start", verbose_name=_("command")
    )
    charger = models.ForeignKey(
        Charger, on_delete=models.PROTECT, related_name="remote_starts", verbose_name=_("charger")
    )
    connector_number = models.PositiveSmallIntegerField(
        _("connector"), null=True, blank=True, help_text=_("Empty: the charger chooses.")
    )
    id_tag = models.CharField(_("id tag"), max_length=255)
    status = models.CharField(
        _("status"), max_length=8, choices=RemoteStartStatus, default=RemoteStartStatus.ASKED
    )
    created_at = models.DateTimeField(_("asked"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    expires_at = models.DateTimeField(_("at the latest"))
    ended_at = models.DateTimeField(_("decided"), null=True, blank=True)
    session = models.OneToOneField(
        ChargingSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="remote_start",
        verbose_name=_("session"),
    )
    reason = models.CharField(_("why it did not start"), max_length=200, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("remote start")
        verbose_name_plural = _("remote starts")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            choice_check("status", RemoteStartStatus, name="remote_start_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(status="started", session__isnull=False)
                | ~models.Q(status="started") & models.Q(session__isnull=True),
                name="remote_start_that_started_has_a_session",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="failed") | ~models.Q(reason=""),
                name="remote_start_that_failed_says_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["charger"],
                name="remote_start_open_by_charger",
                condition=models.Q(status__in=["asked", "accepted"]),
            ),
            models.Index(
                fields=["expires_at"],
                name="remote_start_open_by_deadline",
                condition=models.Q(status__in=["asked", "accepted"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charger.identity}: {self.get_status_display()}"
