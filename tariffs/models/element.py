from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from tariffs.models.version import TariffVersion
from unievp.lib.constraints import choice_check


class ReservationRule(models.TextChoices):
    """OCPI 2.2.1 ReservationRestrictionType: the element prices reserved time only."""

    RESERVATION = "RESERVATION", _("Reserved time")
    RESERVATION_EXPIRES = "RESERVATION_EXPIRES", _("A reservation that was not used")


class ComponentKind(models.TextChoices):
    """OCPI 2.2.1 TariffDimensionType."""

    ENERGY = "ENERGY", _("Energy, per kWh")
    TIME = "TIME", _("Charging time, per hour")
    PARKING_TIME = "PARKING_TIME", _("Idle time, per hour")
    FLAT = "FLAT", _("Per session")


def _ordered(low: str, high: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(**{f"{low}__isnull": True})
        | models.Q(**{f"{high}__isnull": True})
        | models.Q(**{f"{high}__gt": models.F(low)}),
        name=f"tariff_element_{low}_is_below_{high.partition('_')[0]}",
    )


class TariffElement(models.Model):
    """Components that apply while all restrictions of the element hold (OCPI 2.2.1 §11.4.6).

    The first element, in order of `position`, that has a component of a dimension and matches
    prices that dimension. Times and dates are the location's; a range that ends before it begins
    goes over midnight. `min_idle_s` is ours: seconds since charging last ended (a grace period).
    """

    version = models.ForeignKey(
        TariffVersion,
        on_delete=models.PROTECT,
        related_name="elements",
        verbose_name=_("version"),
    )
    position = models.PositiveSmallIntegerField(_("position"))
    start_time = models.TimeField(_("from time of day"), null=True, blank=True)
    end_time = models.TimeField(_("to time of day"), null=True, blank=True)
    start_date = models.DateField(_("from date"), null=True, blank=True)
    end_date = models.DateField(_("before date"), null=True, blank=True)
    days_of_week = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("days of week (1 = Monday)"),
        default=list,
        blank=True,
    )
    min_energy_wh = models.PositiveIntegerField(_("from energy (Wh)"), null=True, blank=True)
    max_energy_wh = models.PositiveIntegerField(_("up to energy (Wh)"), null=True, blank=True)
    min_power_w = models.PositiveIntegerField(_("from power (W)"), null=True, blank=True)
    max_power_w = models.PositiveIntegerField(_("up to power (W)"), null=True, blank=True)
    min_current_ma = models.PositiveIntegerField(_("from current (mA)"), null=True, blank=True)
    max_current_ma = models.PositiveIntegerField(_("up to current (mA)"), null=True, blank=True)
    min_duration_s = models.PositiveIntegerField(_("from duration (s)"), null=True, blank=True)
    max_duration_s = models.PositiveIntegerField(_("up to duration (s)"), null=True, blank=True)
    min_idle_s = models.PositiveIntegerField(_("after idle time (s)"), null=True, blank=True)
    reservation = models.CharField(
        _("reservation"), max_length=20, choices=ReservationRule, blank=True
    )

    tenant_path: ClassVar[str] = "version__template__cpo"

    class Meta:
        verbose_name = _("tariff element")
        verbose_name_plural = _("tariff elements")
        ordering = ("version", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["version", "position"], name="tariff_element_position_is_unique"
            ),
            choice_check(
                "reservation",
                ReservationRule,
                name="tariff_element_reservation_is_known",
                blank=True,
            ),
            models.CheckConstraint(
                condition=models.Q(days_of_week__contained_by=[1, 2, 3, 4, 5, 6, 7]),
                name="tariff_element_days_are_of_the_week",
            ),
            _ordered("start_date", "end_date"),
            _ordered("min_energy_wh", "max_energy_wh"),
            _ordered("min_power_w", "max_power_w"),
            _ordered("min_current_ma", "max_current_ma"),
            _ordered("min_duration_s", "max_duration_s"),
        ]

    def __str__(self) -> str:
        return f"{self.version} #{self.position}"


class PriceComponent(models.Model):
    """One price: per kWh, per hour of charging, per hour of idling, or per session.

    `vat_percent` empty: no VAT applies (not the same as 0 %, OCPI 2.2.1 §11.4.3). `step_size` in Wh
    or seconds; 0 = exact.
    """

    element = models.ForeignKey(
        TariffElement,
        on_delete=models.PROTECT,
        related_name="components",
        verbose_name=_("element"),
    )
    kind = models.CharField(_("kind"), max_length=16, choices=ComponentKind)
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=4)
    vat_percent = models.DecimalField(
        _("VAT (%)"), max_digits=7, decimal_places=4, null=True, blank=True
    )
    step_size = models.PositiveIntegerField(_("step (Wh or s)"), default=0)

    tenant_path: ClassVar[str] = "element__version__template__cpo"

    class Meta:
        verbose_name = _("price component")
        verbose_name_plural = _("price components")
        ordering = ("element", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["element", "kind"], name="price_component_one_of_a_kind_per_element"
            ),
            choice_check("kind", ComponentKind, name="price_component_kind_is_known"),
            models.CheckConstraint(
                condition=models.Q(price__gte=0), name="price_component_price_is_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(vat_percent__isnull=True)
                | models.Q(vat_percent__gte=0, vat_percent__lte=100),
                name="price_component_vat_is_a_percentage",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.price}"
