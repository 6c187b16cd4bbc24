"""What the law says of prices, as rows with a date: a decree is no constant of a program.

Rows are added, never changed once they are in force: what was sold or billed before keeps the rule
of its time.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from unievp.lib.constraints import choice_check


class ChargingClass(models.TextChoices):
    """By the highest power of an outlet (Permen ESDM 1/2023); nobody chooses it."""

    SLOW = "slow", _("Slow (up to 7 kW)")
    MEDIUM = "medium", _("Medium (up to 22 kW)")
    FAST = "fast", _("Fast (up to 50 kW)")
    ULTRAFAST = "ultrafast", _("Ultrafast (above 50 kW)")

    @classmethod
    def of(cls, power_w: int) -> ChargingClass:
        for highest_w, one in ((7_000, cls.SLOW), (22_000, cls.MEDIUM), (50_000, cls.FAST)):
            if power_w <= highest_w:
                return one
        return cls.ULTRAFAST


class CapKind(models.TextChoices):
    ENERGY_PRICE = "energy_price", _("Price of energy, per kWh")
    SESSION_FEE = "session_fee", _("Service fee, per session")


class PriceCapQuerySet(models.QuerySet["PriceCap"]):
    def in_force(self, on: date) -> PriceCapQuerySet:
        """The newest row of each kind and class; one without an amount says that there is none."""
        return (
            self.filter(valid_from__lte=on)
            .order_by("kind", "charging_class", "-valid_from")
            .distinct("kind", "charging_class")
        )


class PriceCap(models.Model):
    """From `valid_from` on nobody may ask for more, VAT not counted; rupiah.

    `charging_class` empty: every class. `amount` empty: the cap is lifted from that day on.
    """

    kind = models.CharField(_("what is limited"), max_length=16, choices=CapKind)
    charging_class = models.CharField(
        _("charging class"),
        max_length=16,
        choices=ChargingClass,
        blank=True,
        help_text=_("Empty: every class."),
    )
    amount = models.DecimalField(
        _("at most (Rp, without VAT)"),
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("Empty: there is no cap from that day on."),
    )
    valid_from = models.DateField(_("from"))
    rule = models.CharField(
        _("rule"), max_length=120, help_text=_("As the refusal names it: law, decree, article.")
    )
    source = models.TextField(_("source"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    objects = PriceCapQuerySet.as_manager()

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("price cap")
        verbose_name_plural = _("price caps")
        ordering = ("kind", "charging_class", "-valid_from")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "charging_class", "valid_from"],
                name="price_cap_is_one_per_kind_class_and_day",
                violation_error_message=_("There is a cap of this kind from this day on."),
            ),
            choice_check("kind", CapKind, name="price_cap_kind_is_known"),
            choice_check(
                "charging_class", ChargingClass, name="price_cap_class_is_known", blank=True
            ),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(amount__gte=0),
                name="price_cap_amount_is_not_negative",
            ),
            models.CheckConstraint(condition=~models.Q(rule=""), name="price_cap_names_its_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.get_kind_display()}"


class VatRateQuerySet(models.QuerySet["VatRate"]):
    def in_force(self, on: date) -> VatRate | None:
        return self.filter(valid_from__lte=on).order_by("-valid_from").first()


class VatRate(models.Model):
    """PPN on services (session fee, time, idle time) from `valid_from` on.

    The law states a rate and the part of the price that it is taken of: 12 % of 11/12 is 11 %.
    """

    percent = models.DecimalField(_("rate (%)"), max_digits=7, decimal_places=4)
    base_numerator = models.PositiveSmallIntegerField(_("of the part"), default=1)
    base_denominator = models.PositiveSmallIntegerField(_("of"), default=1)
    valid_from = models.DateField(_("from"), unique=True)
    rule = models.CharField(_("rule"), max_length=120)
    source = models.TextField(_("source"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    objects = VatRateQuerySet.as_manager()

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("VAT rate")
        verbose_name_plural = _("VAT rates")
        ordering = ("-valid_from",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lte=100),
                name="vat_rate_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=models.Q(base_numerator__gte=1)
                & models.Q(base_numerator__lte=models.F("base_denominator")),
                name="vat_base_is_a_part_of_the_price",
            ),
            models.CheckConstraint(condition=~models.Q(rule=""), name="vat_rate_names_its_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.effective_percent.normalize():f} %"

    @property
    def effective_percent(self) -> Decimal:
        """What it comes to of the whole price, to four places as prices keep it."""
        exact = self.percent * self.base_numerator / self.base_denominator
        return exact.quantize(Decimal("0.0001"))
