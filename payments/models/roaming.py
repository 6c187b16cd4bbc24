"""Money between us and roaming partners. Partners are named by a reference: payments know none."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cpo.models import Driver
from payments.models.bill import Bill
from payments.models.ledger import LedgerTransaction


class RoamingCharge(models.Model):
    """What our driver owes for a session at another operator's charger: one per CDR, final.

    `net` + `tax` is what that operator gets, `margin` what the platform adds; minor units of
    `currency`. One that `credits` another takes it back and is negative. A charge of 0 has no
    booking.
    """

    driver = models.ForeignKey(
        Driver, on_delete=models.PROTECT, related_name="roaming_charges", verbose_name=_("driver")
    )
    partner_reference = models.CharField(_("partner"), max_length=40)
    cdr_reference = models.CharField(_("CDR"), max_length=60)
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    net = models.BigIntegerField(_("without tax"))
    tax = models.BigIntegerField(_("tax"), default=0)
    margin = models.BigIntegerField(_("margin"), default=0)
    total = models.GeneratedField(
        verbose_name=_("total"),
        expression=F("net") + F("tax") + F("margin"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    credits = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credited_by",
        verbose_name=_("takes back"),
    )
    charged_at = models.DateTimeField(_("charged"))
    booking = models.OneToOneField(
        LedgerTransaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="roaming_charge",
        verbose_name=_("booking"),
    )

    tenant_path: ClassVar[str] = "platform"
    driver_path: ClassVar[str] = "driver"

    class Meta:
        verbose_name = _("roaming charge")
        verbose_name_plural = _("roaming charges")
        ordering = ("-charged_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partner_reference", "cdr_reference"],
                name="roaming_charge_is_one_per_partner_and_cdr",
            ),
            models.CheckConstraint(
                condition=Q(credits__isnull=True, net__gte=0, tax__gte=0, margin__gte=0)
                | Q(credits__isnull=False, net__lte=0, tax__lte=0, margin__lte=0),
                name="roaming_charge_is_negative_where_it_takes_back",
            ),
            models.CheckConstraint(
                condition=Q(booking__isnull=False) | Q(net=0, tax=0, margin=0),
                name="roaming_charge_of_some_money_is_booked",
            ),
        ]

    def __str__(self) -> str:
        return self.cdr_reference


class BillCredit(models.Model):
    """A bill that a partner need not pay: the CDR of it was taken back. Once per bill, final."""

    bill = models.OneToOneField(
        Bill, on_delete=models.PROTECT, related_name="credit", verbose_name=_("bill")
    )
    reason = models.CharField(_("reason"), max_length=300)
    credited_at = models.DateTimeField(_("credited"))
    booking = models.OneToOneField(
        LedgerTransaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bill_credit",
        verbose_name=_("booking"),
    )

    tenant_path: ClassVar[str] = "bill__cpo"

    class Meta:
        verbose_name = _("credit of a bill")
        verbose_name_plural = _("credits of bills")
        ordering = ("-credited_at", "-id")

    def __str__(self) -> str:
        return str(self.bill)
