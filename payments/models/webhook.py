from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models.provider import ProviderConfig


class WebhookDelivery(models.Model):
    """A gateway's notification as it came: stored first, answered 200, then worked on.

    A repeated one meets its first copy by `dedupe_key`. Only verified deliveries have one; forged
    ones are counted by the metric, not kept (anyone can send those). `headers` without secrets.
    """

    config = models.ForeignKey(
        ProviderConfig,
        on_delete=models.PROTECT,
        related_name="webhook_deliveries",
        verbose_name=_("provider"),
    )
    dedupe_key = models.CharField(_("key"), max_length=200)
    subject = models.CharField(_("about"), max_length=16)
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    gateway_id = models.CharField(_("id at the gateway"), max_length=80, blank=True)
    payment_id = models.CharField(_("payment at the gateway"), max_length=80, blank=True)
    headers = models.JSONField(_("headers"), default=dict)
    body = models.TextField(_("body"))
    received_at = models.DateTimeField(_("received"))
    repeated = models.PositiveIntegerField(_("repeated"), default=0)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    processed_at = models.DateTimeField(_("processed"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "config__cpo"

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ("-received_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["config", "dedupe_key"], name="webhook_delivery_is_stored_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["received_at"],
                name="webhook_delivery_to_process",
                condition=Q(processed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.reference or self.gateway_id}"
