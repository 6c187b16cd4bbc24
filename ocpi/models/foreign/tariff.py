from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from ocpi.models.partner import Partner


class ForeignTariff(models.Model):
    """A tariff of another operator, as it is now; what it was before: `versions`."""

    partner = models.ForeignKey(
        Partner,
        on_delete=models.PROTECT,
        related_name="foreign_tariffs",
        verbose_name=_("partner"),
    )
    country_code = models.CharField(_("country code"), max_length=2)
    party_id = models.CharField(_("party id"), max_length=3)
    ocpi_id = models.CharField(_("OCPI id"), max_length=36)
    currency = models.CharField(_("currency"), max_length=3)
    removed_at = models.DateTimeField(_("gone since"), null=True, blank=True)
    body = models.TextField(_("as the partner sent it"))
    last_updated = models.DateTimeField(_("changed"), help_text=_("By the partner's clock."))

    tenant_path: ClassVar[str] = "platform"
    public_rows: ClassVar[dict[str, object]] = {
        "removed_at": None,
        "partner__status": "registered",
    }

    class Meta:
        verbose_name = _("tariff of another operator")
        verbose_name_plural = _("tariffs of other operators")
        ordering = ("country_code", "party_id", "ocpi_id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "partner",
                Upper("country_code"),
                Upper("party_id"),
                Upper("ocpi_id"),
                name="foreign_tariff_is_one_per_party_and_id",
            ),
        ]

    def __str__(self) -> str:
        return self.ocpi_id


class ForeignTariffVersion(models.Model):
    """What a tariff said from `last_updated` until its next version: a CDR is checked against
    the one of its time.
    """

    tariff = models.ForeignKey(
        ForeignTariff, on_delete=models.CASCADE, related_name="versions", verbose_name=_("tariff")
    )
    number = models.PositiveIntegerField(_("version"))
    body = models.TextField(_("as the partner sent it"))
    last_updated = models.DateTimeField(_("in force from"))
    received_at = models.DateTimeField(_("received"))

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("version of a foreign tariff")
        verbose_name_plural = _("versions of foreign tariffs")
        ordering = ("tariff", "-number")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tariff", "number"], name="foreign_tariff_version_number_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff} · {self.number}"
