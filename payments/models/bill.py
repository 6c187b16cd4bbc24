from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from chargers.models import ChargingSession
from cpo.models import CPO, Driver
from payments.models.ledger import LedgerTransaction
from unievp.lib.constraints import choice_check


class Bill(models.Model):
    """What one session owes: exactly one per session, written once.

    Amounts are minor units of `currency`. `total` = `net` + `tax` is what the driver owes;
    `platform_fee` is kept of `net`, the rest is the CPO's. A bill of 0 has no booking.
    `payer_reference`: the roaming partner who owes it instead of the driver.
    `available_at`: when the CPO's share leaves pending; `released_at`: when it did, by `release`.
    Triggers refuse any other change (migration 0004).
    """

    session = models.OneToOneField(
        ChargingSession,
        on_delete=models.PROTECT,
        related_name="bill",
        verbose_name=_("charging session"),
    )
    cpo = models.ForeignKey(
        CPO, on_delete=models.PROTECT, related_name="bills", verbose_name=_("CPO")
    )
    driver = models.ForeignKey(
        Driver,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bills",
        verbose_name=_("driver"),
    )
    payer_reference = models.CharField(
        _("partner that owes it"), max_length=40, blank=True, default="", db_default=""
    )
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    total = models.BigIntegerField(_("total"))
    tax = models.BigIntegerField(_("tax"), default=0)
    net = models.GeneratedField(
        verbose_name=_("without tax"),
        expression=F("total") - F("tax"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    platform_fee = models.BigIntegerField(_("platform fee"), default=0)
    cpo_share = models.GeneratedField(
        verbose_name=_("CPO's share"),
        expression=F("total") - F("tax") - F("platform_fee"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    issued_at = models.DateTimeField(_("issued"))
    available_at = models.DateTimeField(_("available from"), null=True, blank=True)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    booking = models.OneToOneField(
        LedgerTransaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bill",
        verbose_name=_("booking"),
    )
    release = models.ForeignKey(
        LedgerTransaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="released_bills",
        verbose_name=_("release"),
    )

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        ordering = ("-issued_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(total__gte=0), name="bill_total_is_not_negative"),
            models.CheckConstraint(
                condition=Q(tax__gte=0, tax__lte=F("total")), name="bill_tax_is_part_of_the_total"
            ),
            models.CheckConstraint(
                condition=Q(platform_fee__gte=0, platform_fee__lte=F("total") - F("tax")),
                name="bill_platform_fee_is_part_of_the_net",
            ),
            models.CheckConstraint(
                condition=Q(release__isnull=True) | Q(released_at__isnull=False),
                name="bill_that_is_released_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-issued_at"], name="bill_by_time"),
            models.Index(fields=["cpo", "-issued_at"], name="bill_by_cpo"),
            models.Index(
                fields=["cpo", "available_at"],
                name="bill_to_release",
                condition=Q(released_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class BillLineKind(models.TextChoices):
    ENERGY = "ENERGY", _("Energy")
    TIME = "TIME", _("Charging time")
    PARKING_TIME = "PARKING_TIME", _("Idle time")
    FLAT = "FLAT", _("Session fee")
    MIN_PRICE = "MIN_PRICE", _("Up to the least price")
    MAX_PRICE = "MAX_PRICE", _("Down to the highest price")
    # Delivered beyond what was prepaid: nobody can take it from the driver.
    WAIVED = "WAIVED", _("Not charged")


class BillLine(models.Model):
    """One line: how much of what, at what price, and why.

    `amount` is the line's share of the total, rounded half-up once; `tax` is inside it. The exact
    amount before rounding is kept beside it (12 places). Only a line that keeps to the highest
    price, or one that waives what was not prepaid, is negative.
    """

    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, related_name="lines", verbose_name=_("bill")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    kind = models.CharField(_("kind"), max_length=16, choices=BillLineKind)
    quantity = models.DecimalField(_("quantity"), max_digits=24, decimal_places=12)
    unit = models.CharField(_("unit"), max_length=8)
    unit_price = models.DecimalField(_("unit price"), max_digits=24, decimal_places=12)
    tax_percent = models.DecimalField(_("tax (%)"), max_digits=7, decimal_places=4, default=0)
    exact_amount = models.DecimalField(_("exact amount"), max_digits=28, decimal_places=12)
    amount = models.BigIntegerField(_("amount"))
    tax = models.BigIntegerField(_("tax inside"), default=0)
    why = models.CharField(_("why"), max_length=200, blank=True)

    tenant_path: ClassVar[str] = "bill__cpo"

    class Meta:
        verbose_name = _("bill line")
        verbose_name_plural = _("bill lines")
        ordering = ("bill", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bill", "position"], name="bill_line_position_is_unique"
            ),
            choice_check("kind", BillLineKind, name="bill_line_kind_is_known"),
            models.CheckConstraint(
                condition=Q(amount__gte=0) | Q(kind__in=["MAX_PRICE", "WAIVED"]),
                name="bill_line_below_zero_keeps_to_the_highest_price_or_waives",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.amount}"
