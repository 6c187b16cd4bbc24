from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from cpo.models.company import CPO


class Scope(models.TextChoices):
    """What a key may do; each endpoint names the one it asks for."""

    ALL = "*", _("Everything")
    CHARGERS_READ = "chargers:read", _("Read chargers")
    CHARGERS_WRITE = "chargers:write", _("Register and change chargers")
    COMMANDS_READ = "commands:read", _("Read commands")
    COMMANDS_WRITE = "commands:write", _("Send commands")
    SESSIONS_READ = "sessions:read", _("Read charging sessions")
    TARIFFS_READ = "tariffs:read", _("Read tariffs")
    TARIFFS_WRITE = "tariffs:write", _("Change and assign tariffs")
    PAYMENTS_READ = "payments:read", _("Read payments")
    PAYMENTS_WRITE = "payments:write", _("Take and refund payments")
    PROVIDERS_READ = "providers:read", _("Read payment providers")
    PROVIDERS_WRITE = "providers:write", _("Set up payment providers")
    WALLET_READ = "wallet:read", _("Read wallet and settlements")
    SETTLEMENTS_WRITE = "settlements:write", _("Ask for and decide settlements")
    COMPANIES_READ = "companies:read", _("Read companies")
    COMPANIES_WRITE = "companies:write", _("Change and verify companies")
    TICKETS_READ = "tickets:read", _("Read tickets")
    TICKETS_WRITE = "tickets:write", _("Open and change tickets")
    REPORTS_READ = "reports:read", _("Read figures and reports")
    KEYS_READ = "apikeys:read", _("Read API keys")
    KEYS_WRITE = "apikeys:write", _("Make and revoke API keys")
    WEBHOOKS_READ = "webhooks:read", _("Read webhooks")
    WEBHOOKS_WRITE = "webhooks:write", _("Change webhooks")


class ApiKey(models.Model):
    """An integrator's key, "uniev_<prefix>_<secret>". The secret is kept as a keyed digest only.

    A key with a CPO sees that CPO's rows; one without belongs to the platform and sees all. It is
    an actor of `cpo.access`, and the `user` of a request that carries it.
    """

    # What REST framework asks of a request's user.
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    name = models.CharField(_("name"), max_length=120)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True, editable=False)
    digest = models.BinaryField(_("digest"), max_length=32, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=64, choices=Scope), verbose_name=_("may"), default=list
    )
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="api_keys",
        verbose_name=_("CPO"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=Scope.values),
                name="api_key_scopes_are_known",
            ),
            models.CheckConstraint(
                condition=models.Q(scopes__len__gt=0), name="api_key_may_do_something"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def may(self, scope: str) -> bool:
        return Scope.ALL in self.scopes or scope in self.scopes

    def is_usable(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
