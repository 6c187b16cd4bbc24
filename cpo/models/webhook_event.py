from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cpo.models.company import CPO
from cpo.models.webhook_endpoint import WebhookEndpoint
from unievp.lib.constraints import choice_check


class DeliveryStatus(models.TextChoices):
    PENDING = "pending", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")


class WebhookEvent(models.Model):
    """Something that somebody outside wants to hear of: written once per `key`, never changed.

    `id` goes out as `webhook-id`, the same for every endpoint and every try.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(_("key"), max_length=200, unique=True)
    type = models.CharField(_("type"), max_length=64)
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("CPO"),
    )
    occurred_at = models.DateTimeField(_("happened"))
    recorded_at = models.DateTimeField(_("recorded"), db_index=True)
    body = models.JSONField(_("body"))

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        ordering = ("-recorded_at",)

    def __str__(self) -> str:
        return self.type


class EventDelivery(models.Model):
    """An event on its way to one endpoint; `claimed_until`: a process is sending it now."""

    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.CASCADE,
        related_name="deliveries",
        verbose_name=_("outgoing webhook"),
        db_index=False,
    )
    event = models.ForeignKey(
        WebhookEvent,
        on_delete=models.CASCADE,
        related_name="deliveries",
        verbose_name=_("event"),
        db_index=False,
    )
    status = models.CharField(
        _("status"), max_length=16, choices=DeliveryStatus, default=DeliveryStatus.PENDING
    )
    # Tries since it was queued or sent again: where it stands in the schedule.
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    created_at = models.DateTimeField(_("created"))
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_try_at = models.DateTimeField(_("last try"), null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    last_error = models.CharField(_("error"), max_length=200, blank=True)

    tenant_path: ClassVar[str] = "endpoint__cpo"

    class Meta:
        verbose_name = _("outgoing webhook delivery")
        verbose_name_plural = _("outgoing webhook deliveries")
        ordering = ("-id",)
        constraints: ClassVar = [
            choice_check("status", DeliveryStatus, name="event_delivery_status_is_known"),
            models.UniqueConstraint(
                fields=["event", "endpoint"], name="event_delivery_is_once_per_endpoint"
            ),
            models.CheckConstraint(
                condition=Q(status="pending", next_try_at__isnull=False)
                | Q(~Q(status="pending"), next_try_at__isnull=True),
                name="event_delivery_that_waits_has_a_next_try",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["endpoint", "-id"], name="event_delivery_by_endpoint"),
            models.Index(
                fields=["endpoint", "next_try_at"],
                name="event_delivery_waiting",
                condition=Q(status="pending"),
            ),
            models.Index(
                fields=["endpoint", "created_at"],
                name="event_delivery_failed",
                condition=Q(status="failed"),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class DeliveryAttempt(models.Model):
    """One request and what came of it: an answer with its status, or an error."""

    delivery = models.ForeignKey(
        EventDelivery, on_delete=models.CASCADE, related_name="attempts", verbose_name=_("delivery")
    )
    at = models.DateTimeField(_("time"))
    url = models.CharField(_("address"), max_length=500)
    status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    excerpt = models.TextField(_("what it said"), blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    latency_ms = models.PositiveIntegerField(_("took (ms)"))

    tenant_path: ClassVar[str] = "delivery__endpoint__cpo"

    class Meta:
        verbose_name = _("delivery attempt")
        verbose_name_plural = _("delivery attempts")
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.status or self.error}"
