"""Virtual chargers that people start: what was asked for, and what became of it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger
from unievp.lib.constraints import choice_check
from unievp.lib.secrets import EncryptedTextField


class RunStatus(models.TextChoices):
    WAITING = "waiting", _("Waits for a place")
    RUNNING = "running", _("Runs")
    ENDED = "ended", _("Ended")
    FAILED = "failed", _("Failed")


OPEN_RUNS = (RunStatus.WAITING, RunStatus.RUNNING)


class SimulatorRun(models.Model):
    """One virtual charger of a company, for some minutes. It is registered like a real one, sells
    at a tariff of nothing, and is retired when the run ends.

    The row is the truth: the task claims it by its status, and shows by `alive_at` that it lives.
    """

    charger = models.OneToOneField(
        Charger, on_delete=models.PROTECT, related_name="simulator_run", verbose_name=_("charger")
    )
    scenario = models.CharField(_("scenario"), max_length=32)
    speed = models.PositiveSmallIntegerField(
        _("speed"), default=1, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    status = models.CharField(
        _("status"), max_length=16, choices=RunStatus, default=RunStatus.WAITING
    )
    password = EncryptedTextField(blank=True, default="", editable=False)
    id_tag = models.CharField(_("id tag"), max_length=20)
    stop_wanted = models.BooleanField(_("stop wanted"), default=False)
    sessions = models.PositiveIntegerField(_("sessions"), default=0)
    messages = models.PositiveIntegerField(_("messages answered"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("asked"))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    alive_at = models.DateTimeField(_("last sign"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("simulator run")
        verbose_name_plural = _("simulator runs")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            choice_check("status", RunStatus, name="simulator_run_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(speed__range=(1, 60)) & models.Q(minutes__range=(1, 120)),
                name="simulator_run_is_bounded",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                name="simulator_run_open",
                condition=models.Q(status__in=["waiting", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charger.identity} ({self.scenario})"


class OrderAction(models.TextChoices):
    PLUG = "plug", _("Plug a car in")
    UNPLUG = "unplug", _("Drive away")
    BREAK = "break", _("Break it")
    REPAIR = "repair", _("Repair it")


class SimulatorOrder(models.Model):
    """What a person does at a connector of a running virtual charger; done once, by its run."""

    run = models.ForeignKey(SimulatorRun, on_delete=models.CASCADE, related_name="orders")
    action = models.CharField(_("action"), max_length=16, choices=OrderAction)
    connector = models.PositiveSmallIntegerField(_("connector"))
    created_at = models.DateTimeField(_("asked"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    tenant_path: ClassVar[str] = "run__charger__cpo"

    class Meta:
        verbose_name = _("simulator order")
        verbose_name_plural = _("simulator orders")
        ordering = ("created_at", "id")
        constraints: ClassVar = [
            choice_check("action", OrderAction, name="simulator_order_action_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.connector}"
