from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from ocpi.models.partner import Partner


class ForeignLocation(models.Model):
    """A place of another operator where our drivers may charge. `body` is its OCPI Location.

    EVSEs and connectors stay inside the body: they are looked up one place at a time. Never
    deleted: sessions name it. `is_offered`: published, with an EVSE that is not removed, and still
    in the operator's list.
    """

    partner = models.ForeignKey(
        Partner,
        on_delete=models.PROTECT,
        related_name="foreign_locations",
        verbose_name=_("partner"),
    )
    country_code = models.CharField(_("country code"), max_length=2)
    party_id = models.CharField(_("party id"), max_length=3)
    ocpi_id = models.CharField(_("OCPI id"), max_length=36)
    name = models.CharField(_("name"), max_length=255, blank=True)
    address = models.CharField(_("address"), max_length=255)
    city = models.CharField(_("city"), max_length=45)
    country = models.CharField(_("country"), max_length=3)
    time_zone = models.CharField(_("time zone"), max_length=64)
    latitude = models.DecimalField(_("latitude"), max_digits=10, decimal_places=7)
    longitude = models.DecimalField(_("longitude"), max_digits=10, decimal_places=7)
    is_offered = models.BooleanField(_("offered"), default=True)
    removed_at = models.DateTimeField(_("gone since"), null=True, blank=True)
    body = models.TextField(_("as the partner sent it"))
    last_updated = models.DateTimeField(_("changed"), help_text=_("By the partner's clock."))
    received_at = models.DateTimeField(_("received"))

    tenant_path: ClassVar[str] = "platform"
    public_rows: ClassVar[dict[str, object]] = {
        "is_offered": True,
        "partner__status": "registered",
    }

    class Meta:
        verbose_name = _("location of another operator")
        verbose_name_plural = _("locations of other operators")
        ordering = ("city", "name", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "partner",
                Upper("country_code"),
                Upper("party_id"),
                Upper("ocpi_id"),
                name="foreign_location_is_one_per_party_and_id",
            ),
            models.CheckConstraint(
                condition=models.Q(is_offered=False) | models.Q(removed_at__isnull=True),
                name="foreign_location_that_is_offered_is_not_gone",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["latitude", "longitude"],
                name="foreign_location_by_place",
                condition=models.Q(is_offered=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.address}, {self.city}"
