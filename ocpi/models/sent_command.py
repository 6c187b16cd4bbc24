from __future__ import annotations

import secrets
import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from cpo.models import Driver
from ocpi.models.command import CommandType
from ocpi.models.contract import OwnToken
from ocpi.models.partner import Partner
from unievp.lib.constraints import choice_check


class SentStatus(models.TextChoices):
    QUEUED = "queued", _("To be sent")
    SENT = "sent", _("Sent, not answered")
    ACCEPTED = "accepted", _("Accepted, result to come")
    SUCCEEDED = "succeeded", _("Done")
    REFUSED = "refused", _("Refused")
    TIMED_OUT = "timed_out", _("No result in time")
    CANCELLED = "cancelled", _("Taken back by the other side")


OPEN_STATUSES = (SentStatus.QUEUED, SentStatus.SENT, SentStatus.ACCEPTED)


def _new_key() -> str:
    return secrets.token_urlsafe(32)


class SentCommand(models.Model):
    """A command of ours to the company that owns a charger (OCPI 2.2.1 §13, Sender).

    Sent at most once: a start that may have arrived is never repeated. `key` ends the
    `response_url`, where the result comes to, perhaps after `deadline_at` only.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=43, unique=True, default=_new_key, editable=False)
    partner = models.ForeignKey(
        Partner,
        on_delete=models.PROTECT,
        related_name="sent_commands",
        verbose_name=_("partner"),
    )
    type = models.CharField(_("command"), max_length=20, choices=CommandType)
    driver = models.ForeignKey(
        Driver,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="roaming_commands",
        verbose_name=_("driver"),
        help_text=_("Empty: asked for by the help desk."),
    )
    token = models.ForeignKey(
        OwnToken,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="commands",
        verbose_name=_("token of ours"),
    )
    requested_label = models.CharField(_("asked by"), max_length=150)
    country_code = models.CharField(_("country code"), max_length=2)
    party_id = models.CharField(_("party id"), max_length=3)
    location_id = models.CharField(_("location"), max_length=36, blank=True)
    evse_uid = models.CharField(_("EVSE"), max_length=36, blank=True)
    connector_id = models.CharField(_("connector"), max_length=36, blank=True)
    session_id = models.CharField(_("session"), max_length=36, blank=True)
    reservation_id = models.CharField(_("reservation"), max_length=36, blank=True)
    expires_at = models.DateTimeField(_("reserved until"), null=True, blank=True)
    authorization_reference = models.CharField(_("reference"), max_length=36, blank=True)
    status = models.CharField(
        _("status"), max_length=9, choices=SentStatus, default=SentStatus.QUEUED
    )
    result = models.CharField(_("result"), max_length=24, blank=True)
    message = models.CharField(_("message"), max_length=512, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("asked"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    deadline_at = models.DateTimeField(_("result expected by"))
    told_at = models.DateTimeField(_("result told"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    tenant_path: ClassVar[str] = "platform"
    driver_path: ClassVar[str] = "driver"

    class Meta:
        verbose_name = _("command to a partner")
        verbose_name_plural = _("commands to partners")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            choice_check("type", CommandType, name="sent_command_type_is_known"),
            choice_check("status", SentStatus, name="sent_command_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(status__in=["queued", "sent", "accepted"], ended_at__isnull=True)
                | (
                    ~models.Q(status__in=["queued", "sent", "accepted"])
                    & models.Q(ended_at__isnull=False)
                ),
                name="sent_command_that_is_over_has_an_end",
            ),
            models.UniqueConstraint(
                fields=["token"],
                condition=models.Q(type="START_SESSION", status__in=["queued", "sent", "accepted"]),
                name="sent_start_of_a_token_is_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["authorization_reference"],
                condition=~models.Q(authorization_reference=""),
                name="sent_command_reference_is_unique",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["deadline_at"],
                name="sent_command_open",
                condition=models.Q(status__in=["queued", "sent", "accepted"]),
            ),
            models.Index(fields=["driver", "-created_at"], name="sent_command_by_driver"),
        ]

    def __str__(self) -> str:
        return f"{self.type} · {self.partner}"
