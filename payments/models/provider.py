from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO
from unievp.lib.constraints import choice_check
from unievp.lib.secrets import EncryptedTextField


class Provider(models.TextChoices):
    XENDIT = "xendit", "Xendit"
    MIDTRANS = "midtrans", "Midtrans"


class Environment(models.TextChoices):
    SANDBOX = "sandbox", _("Sandbox")
    PRODUCTION = "production", _("Production")


class ProviderConfig(models.Model):
    """How to reach a payment gateway: for one CPO, or for the platform where `cpo` is empty.

    Of the active configurations that offer a method the CPO's own comes first, then the lowest
    `priority`. Secrets are encrypted and leave the house only masked. `webhook_slug` makes the
    address of its webhooks unguessable. `base_url` is for sandboxes only, on hosts that the
    settings allow.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payment_providers",
        verbose_name=_("CPO"),
        help_text=_("Empty: the platform's."),
    )
    provider = models.CharField(_("provider"), max_length=16, choices=Provider)
    environment = models.CharField(_("environment"), max_length=16, choices=Environment)
    name = models.CharField(_("name"), max_length=80)
    is_active = models.BooleanField(_("active"), default=True)
    priority = models.PositiveSmallIntegerField(_("priority"), default=100)
    methods = models.JSONField(_("methods"), default=list, blank=True)
    for_payouts = models.BooleanField(_("used for payouts"), default=False)

    api_key = EncryptedTextField(_("API key"))
    payout_key = EncryptedTextField(_("payout key"), blank=True, default="")
    approver_key = EncryptedTextField(_("approver key"), blank=True, default="")
    webhook_secret = EncryptedTextField(_("webhook secret"), blank=True, default="")
    signature_key = EncryptedTextField(_("signature key"), blank=True, default="")
    payout_version = models.CharField(_("payout API"), max_length=8, default="v2", blank=True)
    base_url = models.URLField(_("base URL"), blank=True)
    webhook_slug = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # method, or "payout" → {"percent": "0.7", "fixed": 0}: what the gateway takes, until its report
    # says more.
    fees = models.JSONField(_("fees"), default=dict, blank=True)

    tested_at = models.DateTimeField(_("last test"), null=True, blank=True)
    test_result = models.CharField(_("result of the test"), max_length=300, blank=True)
    # The gateway's own books are read up to here.
    statement_until = models.DateTimeField(_("statement read until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("payment provider")
        verbose_name_plural = _("payment providers")
        ordering = ("priority", "name")
        constraints: ClassVar = [
            choice_check("provider", Provider, name="provider_config_provider_is_known"),
            choice_check("environment", Environment, name="provider_config_environment_is_known"),
            models.CheckConstraint(
                condition=Q(base_url="") | Q(environment="sandbox"),
                name="provider_config_other_address_is_for_the_sandbox",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_provider_display()})"
