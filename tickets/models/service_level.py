from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO
from tickets.business_hours import BusinessHours
from tickets.states import TicketPriority
from unievp.lib.constraints import choice_check


def working_days() -> list[int]:
    return [0, 1, 2, 3, 4]


class ServiceLevel(models.Model):
    """How soon tickets of a priority are answered and resolved, in business time.

    `cpo` None: for all companies without one of their own, and for the platform's tickets.
    """

    cpo = models.ForeignKey(
        CPO,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="service_levels",
        verbose_name=_("CPO"),
        help_text=_("Empty: for everybody without one of their own."),
    )
    priority = models.CharField(_("priority"), max_length=8, choices=TicketPriority)
    answer_minutes = models.PositiveIntegerField(_("first answer within (min)"))
    resolve_minutes = models.PositiveIntegerField(_("solution within (min)"))
    zone = models.CharField(_("time zone"), max_length=48, default="Asia/Jakarta")
    opens = models.TimeField(_("opens"), default=time(8))
    closes = models.TimeField(_("closes"), default=time(17))
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("weekdays"),
        default=working_days,
        help_text=_("0 is Monday, 6 is Sunday."),
    )

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")
        ordering = ("cpo", "priority")
        constraints: ClassVar = [
            choice_check("priority", TicketPriority, name="service_level_priority_is_known"),
            models.UniqueConstraint(
                fields=["cpo", "priority"],
                nulls_distinct=False,
                name="service_level_is_one_per_cpo_and_priority",
                violation_error_message=_("There is one for this priority."),
            ),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="service_level_closes_after_it_opens",
                violation_error_message=_("It has to close after it opens, on the same day."),
            ),
            models.CheckConstraint(
                condition=Q(weekdays__len__gt=0) & Q(weekdays__contained_by=[0, 1, 2, 3, 4, 5, 6]),
                name="service_level_is_open_on_some_weekday",
                violation_error_message=_("Name at least one day, from 0 (Monday) to 6 (Sunday)."),
            ),
            models.CheckConstraint(
                condition=Q(answer_minutes__gt=0, resolve_minutes__gt=0)
                & Q(answer_minutes__lte=F("resolve_minutes"))
                & Q(resolve_minutes__lte=100_000),
                name="service_level_answers_before_it_resolves",
                violation_error_message=_(
                    "Both take at least a minute; the answer comes before the solution."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cpo or '*'}: {self.get_priority_display()}"

    def clean(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValidationError({"zone": _("There is no such time zone.")}) from None

    def hours(self, holidays: Iterable[date]) -> BusinessHours:
        """Raises ValueError for a time zone that does not exist."""
        return BusinessHours(
            zone=ZoneInfo(self.zone),
            opens=self.opens,
            closes=self.closes,
            weekdays=frozenset(self.weekdays),
            holidays=frozenset(holidays),
        )


class Holiday(models.Model):
    """A day on which nobody works; the platform's calendar, kept by its staff."""

    date = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name"), max_length=120)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ("date",)

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
