from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from chargers.models.configuration_template import ConfigurationTemplate
from cpo.models import CPO
from unievp.lib.constraints import choice_check


class RunStatus(models.TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    FINISHED = "finished", _("Finished")
    CANCELLED = "cancelled", _("Cancelled")


class RunItemStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    WORKING = "working", _("Working")
    DONE = "done", _("Done")
    PARTLY = "partly", _("Partly refused")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class ChangeStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    ANSWERED = "answered", _("Answered")
    FAILED = "failed", _("No answer")
    CANCELLED = "cancelled", _("Cancelled")


class ConfigurationRun(models.Model):
    """Values applied to many chargers, a few at a time; it survives restarts and may pause."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="configuration_runs",
        verbose_name=_("CPO"),
    )
    template = models.ForeignKey(
        ConfigurationTemplate,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="runs",
        verbose_name=_("template"),
    )
    name = models.CharField(_("name"), max_length=120)
    status = models.CharField(
        _("status"), max_length=16, choices=RunStatus, default=RunStatus.RUNNING
    )
    parallel = models.PositiveSmallIntegerField(_("chargers at a time"), default=5)
    patience_h = models.PositiveSmallIntegerField(
        _("patience (h)"), default=24, help_text=_("How long to wait for chargers that are away.")
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    requested_label = models.CharField(_("who asked"), max_length=150)
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("configuration run")
        verbose_name_plural = _("configuration runs")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            choice_check("status", RunStatus, name="configuration_run_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(parallel__gte=1),
                name="configuration_run_works_on_at_least_one_charger",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ConfigurationRunItem(models.Model):
    """One charger's part of a run."""

    run = models.ForeignKey(
        ConfigurationRun, on_delete=models.CASCADE, related_name="items", verbose_name=_("run")
    )
    charger = models.ForeignKey(
        Charger, on_delete=models.CASCADE, related_name="+", verbose_name=_("charger")
    )
    status = models.CharField(
        _("status"), max_length=16, choices=RunItemStatus, default=RunItemStatus.WAITING
    )
    started_at = models.DateTimeField(_("begun"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("charger of a run")
        verbose_name_plural = _("chargers of a run")
        ordering = ("pk",)
        constraints: ClassVar = [
            choice_check("status", RunItemStatus, name="configuration_run_item_status_is_known"),
            models.UniqueConstraint(
                fields=["run", "charger"], name="configuration_run_has_a_charger_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "status"], name="configuration_run_item_state"),
        ]

    def __str__(self) -> str:
        return f"{self.charger.identity}: {self.get_status_display()}"


class ConfigurationChange(models.Model):
    """One key for one charger; `answer` is the charger's own word (Accepted, RebootRequired …)."""

    item = models.ForeignKey(
        ConfigurationRunItem,
        on_delete=models.CASCADE,
        related_name="changes",
        verbose_name=_("charger of a run"),
    )
    key = models.CharField(_("key"), max_length=50)
    value = models.CharField(_("value"), max_length=500, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=ChangeStatus, default=ChangeStatus.WAITING
    )
    answer = models.CharField(_("charger says"), max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    tenant_path: ClassVar[str] = "item__charger__cpo"

    class Meta:
        verbose_name = _("configuration change")
        verbose_name_plural = _("configuration changes")
        ordering = ("pk",)
        constraints: ClassVar = [
            choice_check("status", ChangeStatus, name="configuration_change_status_is_known"),
            models.UniqueConstraint(
                "item", Lower("key"), name="configuration_run_changes_a_key_once_per_charger"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"
