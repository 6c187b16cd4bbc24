from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.location import Location
from cpo.models import CPO
from tariffs.models import TariffTemplate


class TariffDefault(models.Model):
    """What chargers without an assignment of their own sell at, from `valid_from` on.

    For one location, or for all of a CPO's; the newest row holds, so two never overlap. A row
    without a tariff ends the one before: then the wider default holds, or nothing is sold.
    """

    cpo = models.ForeignKey(
        CPO, on_delete=models.CASCADE, related_name="tariff_defaults", verbose_name=_("CPO")
    )
    location = models.ForeignKey(
        Location,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tariff_defaults",
        verbose_name=_("location"),
        help_text=_("Empty: all locations of the CPO."),
    )
    template = models.ForeignKey(
        TariffTemplate,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="defaults",
        verbose_name=_("tariff"),
        help_text=_("Empty: none from then on."),
    )
    valid_from = models.DateTimeField(_("valid from"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("default tariff")
        verbose_name_plural = _("default tariffs")
        ordering = ("cpo", "location", "-valid_from")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cpo", "location", "valid_from"],
                nulls_distinct=False,
                name="default_tariff_is_one_per_place_and_time",
                violation_error_message=_("Another default begins at this time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.location or self.cpo}: {self.template or '-'}"
