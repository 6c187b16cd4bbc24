from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO
from payments.models.settlement import Settlement
from unievp.lib.constraints import choice_check


class Frequency(models.TextChoices):
    OFF = "off", _("Off: the company asks")
    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Every week")
    THRESHOLD = "threshold", _("As soon as there is enough")


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class SettlementSchedule(models.Model):
    """When a company's money is asked for by itself, on the morning of its own zone.

    Staff approve such a settlement as any other.
    """

    cpo = models.OneToOneField(
        CPO, on_delete=models.PROTECT, related_name="settlement_schedule", verbose_name=_("CPO")
    )
    frequency = models.CharField(
        _("frequency"), max_length=16, choices=Frequency, default=Frequency.OFF
    )
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        choices=Weekday,
        default=Weekday.MONDAY,
        validators=[MaxValueValidator(6)],
    )
    threshold = models.BigIntegerField(_("threshold"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Jakarta")
    changed_at = models.DateTimeField(_("changed"))

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("settlement schedule")
        verbose_name_plural = _("settlement schedules")
        ordering = ("cpo__name",)
        constraints: ClassVar = [
            choice_check("frequency", Frequency, name="settlement_schedule_frequency_is_known"),
            models.CheckConstraint(
                condition=Q(weekday__lte=6), name="settlement_schedule_weekday_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(frequency="threshold") | Q(threshold__gt=0),
                name="settlement_schedule_by_threshold_has_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cpo}: {self.get_frequency_display()}"


class SettlementRun(models.Model):
    """A schedule's turn: made once per company and period, whatever came of it.

    `period` is the local day or week: "2026-11-23", "2026-W48".
    """

    cpo = models.ForeignKey(
        CPO, on_delete=models.PROTECT, related_name="settlement_runs", verbose_name=_("CPO")
    )
    period = models.CharField(_("period"), max_length=16)
    at = models.DateTimeField(_("time"))
    settlement = models.OneToOneField(
        Settlement,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="run",
        verbose_name=_("settlement"),
    )
    # Why there is none: a code of `unievp.lib.errors`, and its words in English.
    note = models.CharField(_("why there is none"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("scheduled settlement")
        verbose_name_plural = _("scheduled settlements")
        ordering = ("-at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cpo", "period"], name="settlement_run_is_made_once_per_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period}"
