from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.location import Location


class LocationTax(models.Model):
    """PBJT, the regency's tax on electricity, at one location from `valid_from` on.

    Each regency sets its own rate, up to 10 % (UU 1/2022, PP 4/2023). Where the supplier's bill
    has it already, the driver is not asked for it again. Without a row there is none. A session
    keeps the rate that it started with.
    """

    location = models.ForeignKey(
        Location, on_delete=models.CASCADE, related_name="taxes", verbose_name=_("location")
    )
    percent = models.DecimalField(_("PBJT (%)"), max_digits=7, decimal_places=4)
    paid_by_supplier = models.BooleanField(
        _("in the electricity supplier's bill"),
        default=False,
        help_text=_("Then nothing is added to what drivers pay."),
    )
    valid_from = models.DateTimeField(_("valid from"))
    rule = models.CharField(
        _("rule"), max_length=120, blank=True, help_text=_("The regency's regulation.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    tenant_path: ClassVar[str] = "location__cpo"

    class Meta:
        verbose_name = _("location's electricity tax")
        verbose_name_plural = _("locations' electricity tax")
        ordering = ("location", "-valid_from")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["location", "valid_from"],
                name="location_tax_is_one_per_location_and_time",
                violation_error_message=_("This location has a rate from this time on."),
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lte=10),
                name="location_tax_is_at_most_ten_percent",
                violation_error_message=_("PBJT is from 0 to 10 percent (PP 4/2023)."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.location}: {self.percent.normalize():f} %"
