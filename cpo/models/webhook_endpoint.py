from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cpo.models.company import CPO
from unievp.lib.secrets import EncryptedTextField


class WebhookEndpoint(models.Model):
    """Where a company (or, without one, the platform) wants to hear what happens.

    `event_types`: names, groups ("payment.*") or "*". After a rotation the former secret signs
    beside the new one until `former_secret_until`. `failing_since`: no delivery came through since.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="webhook_endpoints",
        verbose_name=_("CPO"),
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    url = models.CharField(_("address"), max_length=500)
    event_types = ArrayField(
        models.CharField(max_length=64), verbose_name=_("hears of"), default=list
    )
    secret = EncryptedTextField(_("secret"), editable=False)
    former_secret = EncryptedTextField(_("former secret"), blank=True, editable=False)
    former_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    enabled_at = models.DateTimeField(_("enabled at"))
    disabled_reason = models.CharField(_("why it is off"), max_length=200, blank=True)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("outgoing webhook")
        verbose_name_plural = _("outgoing webhooks")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(event_types__len__gt=0), name="webhook_endpoint_hears_of_something"
            ),
            models.CheckConstraint(condition=~Q(secret=""), name="webhook_endpoint_has_a_secret"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["cpo"], name="webhook_endpoint_on", condition=Q(is_enabled=True)),
        ]

    def __str__(self) -> str:
        return self.name or self.url
