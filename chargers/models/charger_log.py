from __future__ import annotations

import secrets
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from unievp.lib.constraints import choice_check
from unievp.lib.storage import private_storage

_INT32 = 2**31 - 1


def new_request_id() -> int:
    """1 … 2^31 - 1, drawn: GetLog names its request by a number of the charger's int."""
    return secrets.randbelow(_INT32) + 1


class LogKind(models.TextChoices):
    DIAGNOSTICS = "diagnostics", _("Diagnostics")
    SECURITY = "security", _("Security log")


class LogStatus(models.TextChoices):
    REQUESTED = "requested", _("Asked for")
    ACCEPTED = "accepted", _("Promised")
    UPLOADING = "uploading", _("Uploading")
    UPLOADED = "uploaded", _("Uploaded")
    FAILED = "failed", _("Failed")


OPEN_LOGS = (LogStatus.REQUESTED, LogStatus.ACCEPTED, LogStatus.UPLOADING)


class ChargerLog(models.Model):
    """A diagnostics file or security log that was asked of a charger, and the file once it came.

    `location` is an address of somebody else's; empty: our own one-time address, whose random part
    is kept as a digest. `reported` is the charger's last word. After `LOG_RETENTION_DAYS` the file
    goes (`removed_at`), the row stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    charger = models.ForeignKey(
        Charger, on_delete=models.PROTECT, related_name="logs", verbose_name=_("charger")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=LogKind, default=LogKind.DIAGNOSTICS)
    status = models.CharField(
        _("status"), max_length=16, choices=LogStatus, default=LogStatus.REQUESTED
    )
    request_id = models.PositiveIntegerField(_("request"), default=new_request_id)
    command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    since = models.DateTimeField(_("from"), null=True, blank=True)
    until = models.DateTimeField(_("to"), null=True, blank=True)
    location = models.CharField(_("outside address"), max_length=400, blank=True)
    token_digest = models.BinaryField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("waits until"))
    promised_name = models.CharField(_("announced file"), max_length=255, blank=True)
    reported = models.CharField(_("charger says"), max_length=64, blank=True)
    reported_at = models.DateTimeField(_("reported"), null=True, blank=True)
    file = models.FileField(_("file"), storage=private_storage, blank=True, max_length=200)
    file_name = models.CharField(_("file name"), max_length=100, blank=True)
    size = models.PositiveBigIntegerField(_("size (bytes)"), default=0)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    requested_label = models.CharField(_("who asked"), max_length=150)
    created_at = models.DateTimeField(_("created"))

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("charger log")
        verbose_name_plural = _("charger logs")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            choice_check("kind", LogKind, name="charger_log_kind_is_known"),
            choice_check("status", LogStatus, name="charger_log_status_is_known"),
            models.UniqueConstraint(
                fields=["token_digest"], name="charger_log_upload_token_is_used_once"
            ),
            models.UniqueConstraint(
                fields=["charger", "request_id"], name="charger_log_request_is_unique_per_charger"
            ),
            models.CheckConstraint(
                condition=models.Q(received_at__isnull=True) | models.Q(status="uploaded"),
                name="charger_log_that_was_received_is_uploaded",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                name="charger_log_open",
                condition=models.Q(status__in=OPEN_LOGS),
            ),
            models.Index(fields=["charger", "-created_at"], name="charger_log_by_charger"),
        ]

    def __str__(self) -> str:
        return f"{self.charger.identity}: {self.get_kind_display()}"
