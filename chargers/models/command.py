from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from unievp.lib.constraints import choice_check
from unievp.lib.secrets import EncryptedTextField


class CommandStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENT = "sent", _("Sent")
    ANSWERED = "answered", _("Answered")
    FAILED = "failed", _("Refused by an error")
    TIMED_OUT = "timed_out", _("No answer")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")


class Command(models.Model):
    """A CALL to a charger. The row is the queue: any process may send it, exactly one does.

    Never delivered after `deadline_at`. `response` is the charger's own answer; `response_status`
    is its `status` field where it has one ("Accepted", "Rejected", "Unlocked" …).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    charger = models.ForeignKey(
        Charger, on_delete=models.PROTECT, related_name="commands", verbose_name=_("charger")
    )
    action = models.CharField(_("action"), max_length=64)
    payload = models.JSONField(_("payload"), default=dict)
    # What stands for the bullets in the payload, until the command has ended.
    secret = EncryptedTextField(blank=True, default="", editable=False)
    status = models.CharField(
        _("status"), max_length=16, choices=CommandStatus, default=CommandStatus.QUEUED
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    requested_label = models.CharField(_("who asked"), max_length=150)
    created_at = models.DateTimeField(_("created"))
    deadline_at = models.DateTimeField(_("deadline"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    message_id = models.CharField(_("message id"), max_length=36, blank=True)
    response = models.JSONField(_("answer"), null=True, blank=True)
    response_status = models.CharField(_("answer's status"), max_length=64, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("command")
        verbose_name_plural = _("commands")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            choice_check("status", CommandStatus, name="command_status_is_known"),
            models.CheckConstraint(
                condition=~models.Q(status="sent") | models.Q(sent_at__isnull=False),
                name="command_that_was_sent_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["charger", "-created_at"], name="command_by_charger"),
            models.Index(fields=["-created_at"], name="command_by_time"),
            models.Index(
                fields=["charger", "created_at"],
                name="command_waiting",
                condition=models.Q(status="queued"),
            ),
            models.Index(
                fields=["deadline_at"],
                name="command_open_by_deadline",
                condition=models.Q(status__in=["queued", "sent"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} → {self.charger.identity}"
