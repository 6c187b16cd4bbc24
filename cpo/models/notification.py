from __future__ import annotations

from datetime import time
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cpo.models.company import CPO
from unievp.lib.constraints import choice_check


class MailWhen(models.TextChoices):
    NOW = "now", _("At once")
    DIGEST = "digest", _("Once a day, together")
    NEVER = "never", _("Never")


class Notification(models.Model):
    """Something that a person is told, once per `key`.

    The words are made when they are read, in the reader's language: `event` names them in the
    catalogue, `args` fill them in. `mail_due_at`: not before; None where no mail goes out.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notifications",
        verbose_name=_("person"),
        db_index=False,
    )
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("CPO"),
    )
    event = models.CharField(_("event"), max_length=64)
    key = models.CharField(_("key"), max_length=200)
    args = models.JSONField(_("details"), default=dict)
    link = models.CharField(_("link"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), db_index=True)
    in_bell = models.BooleanField(_("in the bell"), default=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    mail_due_at = models.DateTimeField(_("mail due"), null=True, blank=True)
    mailed_at = models.DateTimeField(_("mailed"), null=True, blank=True)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "key"], name="notification_is_told_once_per_person"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["user", "-created_at", "-id"],
                name="notification_in_the_bell",
                condition=Q(in_bell=True),
            ),
            models.Index(
                fields=["user"],
                name="notification_unread",
                condition=Q(in_bell=True, read_at__isnull=True),
            ),
            models.Index(
                fields=["mail_due_at"],
                name="notification_to_mail",
                condition=Q(mail_due_at__isnull=False, mailed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.event


class NotificationChoice(models.Model):
    """What one person wants of one kind of news; without a row: what the catalogue says."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_choices"
    )
    event = models.CharField(_("event"), max_length=64)
    in_bell = models.BooleanField(_("in the bell"), default=True)
    mail = models.CharField(_("mail"), max_length=8, choices=MailWhen, default=MailWhen.NOW)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "event"], name="notification_choice_is_one_per_event"
            ),
            choice_check("mail", MailWhen, name="notification_choice_mail_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.event}: {self.mail}"


class NotificationSettings(models.Model):
    """When mail may reach a person, by their own clock. Quiet hours may run over midnight."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_settings"
    )
    time_zone = models.CharField(_("time zone"), max_length=48, default="Asia/Jakarta")
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    digest_at = models.TimeField(_("daily mail at"), default=time(7))

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="notification_quiet_hours_have_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.time_zone
