"""A charger's password on its way to the charger."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from unievp.lib.constraints import choice_check
from unievp.lib.secrets import EncryptedTextField


class RotationStatus(models.TextChoices):
    ASKED = "asked", _("Asked")
    UNSURE = "unsure", _("No answer: both passwords are accepted")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused: the old password stays")
    UNSENT = "unsent", _("Not sent: the old password stays")


class PasswordRotation(models.Model):
    """ChangeConfiguration(AuthorizationKey) and what became of it (white paper A01).

    `secret` is kept until it is settled, so that asking again means the same password: the charger
    may have taken it although its answer was lost.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    charger = models.ForeignKey(
        Charger,
        on_delete=models.CASCADE,
        related_name="password_rotations",
        verbose_name=_("charger"),
    )
    command = models.ForeignKey(
        Command, on_delete=models.PROTECT, related_name="+", verbose_name=_("command")
    )
    status = models.CharField(
        _("status"), max_length=16, choices=RotationStatus, default=RotationStatus.ASKED
    )
    digest = models.BinaryField(editable=False)
    secret = EncryptedTextField(blank=True, editable=False)
    asked_at = models.DateTimeField(_("asked"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("password rotation")
        verbose_name_plural = _("password rotations")
        ordering = ("-asked_at",)
        constraints: ClassVar = [
            choice_check("status", RotationStatus, name="password_rotation_status_is_known"),
            models.UniqueConstraint(
                fields=["charger"],
                name="charger_has_one_open_password_rotation",
                condition=models.Q(status__in=["asked", "unsure"]),
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["asked", "unsure"]) | models.Q(secret=""),
                name="settled_password_rotation_keeps_no_secret",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charger_id}: {self.status}"
