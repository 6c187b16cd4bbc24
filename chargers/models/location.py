from __future__ import annotations

import zoneinfo
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("%(name)s is not a time zone; use a name such as Asia/Jakarta."),
            params={"name": name},
        )


class Location(models.Model):
    """A site with chargers. Its time zone decides the hours that tariffs and reports speak of."""

    cpo = models.ForeignKey(
        CPO, on_delete=models.PROTECT, related_name="locations", verbose_name=_("CPO")
    )
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    province = models.CharField(_("province"), max_length=80, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=10, blank=True)
    country = models.CharField(_("country (ISO 3166 alpha-3)"), max_length=3, default="IDN")
    latitude = models.DecimalField(
        _("latitude"), max_digits=10, decimal_places=7, null=True, blank=True
    )
    longitude = models.DecimalField(
        _("longitude"), max_digits=10, decimal_places=7, null=True, blank=True
    )
    time_zone = models.CharField(
        _("time zone"), max_length=48, default="Asia/Jakarta", validators=[validate_time_zone]
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cpo", "name"], name="location_name_is_unique_in_its_cpo"
            ),
            models.CheckConstraint(
                condition=models.Q(latitude__isnull=True) | models.Q(latitude__range=(-90, 90)),
                name="location_latitude_is_on_earth",
            ),
            models.CheckConstraint(
                condition=models.Q(longitude__isnull=True) | models.Q(longitude__range=(-180, 180)),
                name="location_longitude_is_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return self.name
