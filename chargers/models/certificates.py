"""Our certificate authority for chargers, what it issued, and what chargers say they trust."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from unievp.lib.constraints import choice_check
from unievp.lib.secrets import EncryptedTextField


class AuthorityRole(models.TextChoices):
    ROOT = "root", _("Root")
    INTERMEDIATE = "intermediate", _("Intermediate")


class CertificateAuthority(models.Model):
    """A signing certificate. The intermediate signs chargers; the root signs only it."""

    role = models.CharField(_("role"), max_length=16, choices=AuthorityRole)
    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("signed by"),
    )
    certificate_pem = models.TextField(_("certificate"))
    private_key = EncryptedTextField(editable=False)
    not_after = models.DateTimeField(_("valid until"))
    active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(_("created"))

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("certificate authority")
        verbose_name_plural = _("certificate authorities")
        constraints: ClassVar = [
            choice_check("role", AuthorityRole, name="certificate_authority_role_is_known"),
            models.UniqueConstraint(
                fields=["role"],
                name="certificate_authority_has_one_in_use_per_role",
                condition=models.Q(active=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CertificateStatus(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    DENIED = "denied", _("Denied")
    SENT = "sent", _("Signed and sent")
    INSTALLED = "installed", _("Installed")
    REFUSED = "refused", _("Refused by the charger")
    REVOKED = "revoked", _("Revoked")


class ChargerCertificate(models.Model):
    """A SignCertificate request and the certificate made from it (white paper A02).

    A request that is sent again while it is open is the same row. `serial` is lower-case hex.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    charger = models.ForeignKey(
        Charger, on_delete=models.PROTECT, related_name="certificates", verbose_name=_("charger")
    )
    status = models.CharField(
        _("status"),
        max_length=16,
        choices=CertificateStatus,
        default=CertificateStatus.REQUESTED,
    )
    csr = models.TextField(_("request"))
    chain = models.TextField(_("certificate chain"), blank=True)
    serial = models.CharField(_("serial number"), max_length=40, null=True, blank=True, unique=True)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    reason = models.CharField(_("why not"), max_length=300, blank=True)
    command = models.ForeignKey(
        Command,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("command"),
    )
    issuer = models.ForeignKey(
        CertificateAuthority,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="issued",
        verbose_name=_("signed by"),
    )
    requested_at = models.DateTimeField(_("requested"))
    not_after = models.DateTimeField(_("valid until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    renewal_asked_at = models.DateTimeField(_("renewal asked"), null=True, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("charger certificate")
        verbose_name_plural = _("charger certificates")
        ordering = ("-requested_at",)
        constraints: ClassVar = [
            choice_check("status", CertificateStatus, name="charger_certificate_status_is_known"),
            models.UniqueConstraint(
                fields=["charger"],
                name="charger_has_one_open_certificate_request",
                condition=models.Q(status="requested"),
            ),
            models.CheckConstraint(
                condition=~models.Q(status="revoked") | models.Q(revoked_at__isnull=False),
                name="revoked_certificate_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.serial or str(self.id)


class CertificateUse(models.TextChoices):
    CENTRAL_SYSTEM_ROOT = "CentralSystemRootCertificate", _("Root of the central system")
    MANUFACTURER_ROOT = "ManufacturerRootCertificate", _("Root of the manufacturer")


class InstalledCertificate(models.Model):
    """A root that a charger says it trusts (GetInstalledCertificateIds)."""

    charger = models.ForeignKey(
        Charger,
        on_delete=models.CASCADE,
        related_name="installed_certificates",
        verbose_name=_("charger"),
    )
    use = models.CharField(_("use"), max_length=32, choices=CertificateUse)
    hash_algorithm = models.CharField(_("hash algorithm"), max_length=16)
    issuer_name_hash = models.CharField(_("issuer name hash"), max_length=128)
    issuer_key_hash = models.CharField(_("issuer key hash"), max_length=128)
    serial_number = models.CharField(_("serial number"), max_length=40)
    reported_at = models.DateTimeField(_("reported"))

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("installed certificate")
        verbose_name_plural = _("installed certificates")
        ordering = ("charger", "use", "serial_number")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["charger", "use", "issuer_name_hash", "issuer_key_hash", "serial_number"],
                name="installed_certificate_is_kept_once",
            ),
            choice_check("use", CertificateUse, name="installed_certificate_use_is_known"),
        ]

    def __str__(self) -> str:
        return self.serial_number
