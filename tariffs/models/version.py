from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tariffs.models.template import TariffTemplate


class TariffVersionQuerySet(models.QuerySet["TariffVersion"]):
    def in_force(self, at: datetime) -> TariffVersionQuerySet:
        """For each template the one version that sells at `at` (none before its first)."""
        return (
            self.filter(valid_from__lte=at)
            .order_by("template_id", "-valid_from", "-number")
            .distinct("template_id")
        )


class TariffVersion(models.Model):
    """The rules of a tariff from `valid_from` on. Written once, whole, and never changed again:

    triggers refuse UPDATE and DELETE of it, its elements and its components, and a later element
    (migration 0002). Another price is another version. Prices are in major units of `currency`,
    excluding tax unless `tax_included`. A session with less than `free_below_wh` costs nothing: a
    start that failed owes no session fee.
    """

    template = models.ForeignKey(
        TariffTemplate,
        on_delete=models.PROTECT,
        related_name="versions",
        verbose_name=_("tariff"),
    )
    number = models.PositiveIntegerField(_("version"))
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    tax_included = models.BooleanField(_("prices include tax"), default=False)
    min_price_excl = models.DecimalField(
        _("least price, excluding tax"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    min_price_incl = models.DecimalField(
        _("least price, including tax"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    max_price_excl = models.DecimalField(
        _("highest price, excluding tax"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    max_price_incl = models.DecimalField(
        _("highest price, including tax"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    free_below_wh = models.PositiveIntegerField(
        _("free below (Wh)"),
        default=1,
        help_text=_("A session with less energy costs nothing: a failed start owes no fee."),
    )
    valid_from = models.DateTimeField(_("valid from"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    objects = TariffVersionQuerySet.as_manager()

    tenant_path: ClassVar[str] = "template__cpo"

    class Meta:
        verbose_name = _("tariff version")
        verbose_name_plural = _("tariff versions")
        ordering = ("template", "-number")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["template", "number"], name="tariff_version_number_is_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(number__gte=1), name="tariff_version_number_is_positive"
            ),
            *(
                models.CheckConstraint(
                    condition=models.Q(**{f"{field}__isnull": True})
                    | models.Q(**{f"{field}__gte": 0}),
                    name=f"tariff_{field}_is_not_negative",
                )
                for field in (
                    "min_price_excl",
                    "min_price_incl",
                    "max_price_excl",
                    "max_price_incl",
                )
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["template", "-valid_from"], name="tariff_version_in_force"),
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"
