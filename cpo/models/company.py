from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from unievp.lib.constraints import choice_check
from unievp.lib.secrets import EncryptedTextField


class CPOStatus(models.TextChoices):
    PENDING = "pending", _("Pending verification")
    VERIFIED = "verified", _("Verified")
    REJECTED = "rejected", _("Rejected")
    SUSPENDED = "suspended", _("Suspended")


class CPO(models.Model):
    """A charge point operator: the tenant that every charger, session and rupiah belongs to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=CPOStatus, default=CPOStatus.PENDING
    )
    # OCPI knows a party by country code and party id (OCPI 2.2.1 §4.2.3).
    country_code = models.CharField(_("country code"), max_length=2, default="ID")
    party_id = models.CharField(_("party id"), max_length=3, blank=True)
    tax_number = models.CharField(_("tax number (NPWP)"), max_length=32, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=120, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    contact_phone = models.CharField(_("contact phone"), max_length=32, blank=True)
    address = models.TextField(_("address"), blank=True)
    bank_code = models.CharField(_("bank"), max_length=32, blank=True)
    bank_account_name = models.CharField(_("account holder"), max_length=120, blank=True)
    bank_account_number = EncryptedTextField(_("account number"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    # The contact followed the link in the first mail; who did owns the company.
    email_confirmed_at = models.DateTimeField(_("e-mail confirmed"), null=True, blank=True)
    welcomed_at = models.DateTimeField(_("first mail sent"), null=True, blank=True)
    status_reason = models.TextField(_("reason of the status"), blank=True)

    tenant_path: ClassVar[str] = "id"

    class Meta:
        verbose_name = _("CPO")
        verbose_name_plural = _("CPOs")
        ordering = ("name",)
        constraints: ClassVar = [
            choice_check("status", CPOStatus, name="cpo_status_is_known"),
            models.UniqueConstraint(
                fields=["country_code", "party_id"],
                condition=~models.Q(party_id=""),
                name="cpo_party_id_is_unique_in_its_country",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=CPOStatus.VERIFIED)
                | models.Q(verified_at__isnull=False),
                name="cpo_verified_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name
