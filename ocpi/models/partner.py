from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO
from ocpi.models.party import PartyRole
from unievp.lib.constraints import choice_check
from unievp.lib.secrets import EncryptedTextField


class PartnerStatus(models.TextChoices):
    INVITED = "invited", _("Waiting to register")
    REGISTERED = "registered", _("Connected")
    SUSPENDED = "suspended", _("Paused by us")
    DISCONNECTED = "disconnected", _("Disconnected")


class TokenEncoding(models.TextChoices):
    BASE64 = "base64", _("Base64 (OCPI 2.2.1)")
    RAW = "raw", _("As it is (older platforms)")


class Partner(models.Model):
    """Another platform: a mobility provider, a hub, another CPO.

    It sees what `cpo` has, or what every verified CPO has where that is empty. `token` is what we
    send it; the tokens that it sends us are `InboundToken`.
    """

    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="ocpi_partners",
        verbose_name=_("only this CPO"),
        help_text=_("Empty: the partner sees every verified CPO of the platform."),
    )
    name = models.CharField(_("name"), max_length=120)
    status = models.CharField(
        _("status"), max_length=12, choices=PartnerStatus, default=PartnerStatus.INVITED
    )
    versions_url = models.URLField(_("its versions address"), max_length=255, blank=True)
    version = models.CharField(_("version"), max_length=8, blank=True)
    token = EncryptedTextField(_("its token"), blank=True, default="", editable=False)
    token_encoding = models.CharField(
        _("how we send its token"),
        max_length=8,
        choices=TokenEncoding,
        default=TokenEncoding.BASE64,
    )
    realtime_by_choice = models.BooleanField(
        _("ask it about every driver"),
        default=False,
        help_text=_("Tokens marked ALLOWED may be judged by ourselves, which is faster."),
    )
    ask_about_unknown = models.BooleanField(
        _("ask it about unknown tokens"),
        default=False,
        help_text=_("For partners that do not send their tokens."),
    )
    margin_percent = models.DecimalField(
        _("margin (%)"),
        max_digits=5,
        decimal_places=2,
        default=0,
        db_default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=_("What our drivers pay for its sessions on top of its price without tax."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    registered_at = models.DateTimeField(_("connected since"), null=True, blank=True)
    last_heard_at = models.DateTimeField(_("last heard of"), null=True, blank=True)
    last_reached_at = models.DateTimeField(_("last reached"), null=True, blank=True)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ("name", "id")
        constraints: ClassVar = [
            choice_check("status", PartnerStatus, name="ocpi_partner_status_is_known"),
            choice_check("token_encoding", TokenEncoding, name="ocpi_partner_encoding_is_known"),
            models.CheckConstraint(condition=~models.Q(name=""), name="ocpi_partner_has_a_name"),
            models.CheckConstraint(
                condition=models.Q(margin_percent__gte=0, margin_percent__lte=100),
                name="ocpi_partner_margin_is_a_share",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="registered")
                | models.Q(registered_at__isnull=False)
                & ~models.Q(versions_url="")
                & ~models.Q(version="")
                & ~models.Q(token=""),
                name="ocpi_partner_that_is_registered_can_be_called",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_registered(self) -> bool:
        return self.status == PartnerStatus.REGISTERED


class PartnerParty(models.Model):
    """A role that a partner holds, as its credentials say. At most one partner has each."""

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="parties", verbose_name=_("partner")
    )
    role = models.CharField(_("role"), max_length=8, choices=PartyRole)
    country_code = models.CharField(_("country code"), max_length=2)
    party_id = models.CharField(_("party id"), max_length=3)
    name = models.CharField(_("business name"), max_length=100)
    website = models.CharField(_("website"), max_length=255, blank=True)

    tenant_path: ClassVar[str] = "partner__cpo"

    class Meta:
        verbose_name = _("party of a partner")
        verbose_name_plural = _("parties of partners")
        ordering = ("country_code", "party_id", "role")
        constraints: ClassVar = [
            models.UniqueConstraint(
                Upper("country_code"),
                Upper("party_id"),
                "role",
                name="ocpi_party_belongs_to_one_partner",
            ),
            choice_check("role", PartyRole, name="ocpi_partner_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.country_code}-{self.party_id} ({self.role})"


class InterfaceRole(models.TextChoices):
    SENDER = "SENDER", _("Sender")
    RECEIVER = "RECEIVER", _("Receiver")


class PartnerEndpoint(models.Model):
    """A module that a partner serves, and where: from its version details, call it as it is."""

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="endpoints", verbose_name=_("partner")
    )
    identifier = models.CharField(_("module"), max_length=64)
    role = models.CharField(_("role"), max_length=8, choices=InterfaceRole)
    url = models.CharField(_("address"), max_length=255)

    tenant_path: ClassVar[str] = "partner__cpo"

    class Meta:
        verbose_name = _("module of a partner")
        verbose_name_plural = _("modules of partners")
        ordering = ("identifier", "role")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partner", "identifier", "role"],
                name="ocpi_endpoint_is_one_per_module_and_role",
            ),
            choice_check("role", InterfaceRole, name="ocpi_endpoint_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.identifier} ({self.role})"


class InboundTokenKind(models.TextChoices):
    REGISTRATION = "registration", _("To register with (A)")
    ACCESS = "access", _("To call us with")


class InboundToken(models.Model):
    """A token that we gave to a partner, as a keyed digest only.

    One to register with opens versions and credentials, nothing else, and dies when used. An older
    one to call us with is good until `expires_at`: requests are under way while it is renewed.
    """

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="inbound_tokens", verbose_name=_("partner")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=InboundTokenKind)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    tenant_path: ClassVar[str] = "partner__cpo"

    class Meta:
        verbose_name = _("token of a partner")
        verbose_name_plural = _("tokens of partners")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            choice_check("kind", InboundTokenKind, name="ocpi_inbound_token_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.partner}: {self.get_kind_display()}"
