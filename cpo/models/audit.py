from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cpo.models.company import CPO


class AuditEntry(models.Model):
    """Who did what to which row, with the values before and after; append-only by trigger.

    `before` and `after` hold only the fields that changed; secrets are masked by the writer
    (`cpo.services.audit`). `actor` is empty for the platform itself: `actor_label` then names
    the process ("beat: close_zombie_sessions").
    """

    at = models.DateTimeField(_("time"), db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    actor_label = models.CharField(_("who"), max_length=150)
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("CPO"),
    )
    action = models.CharField(_("action"), max_length=64)
    subject_type = models.CharField(_("kind of object"), max_length=64)
    subject_id = models.CharField(_("object id"), max_length=64)
    subject_label = models.CharField(_("object"), max_length=200, blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    reason = models.TextField(_("reason"), blank=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ("-at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id"], name="audit_by_subject"),
            models.Index(fields=["cpo", "-at"], name="audit_by_cpo"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label}: {self.action} {self.subject_label}"
