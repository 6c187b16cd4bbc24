from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from unievp.lib.constraints import choice_check


class ReadingState(models.TextChoices):
    DUE = "due", _("To be read")
    ASKED = "asked", _("Being read")
    READ = "read", _("Read")
    FAILED = "failed", _("Could not be read")


class ConfigurationReading(models.Model):
    """How far we are with reading a charger's configuration (GetConfiguration, OCPP 1.6 §5.8).

    `everything` asks for all keys, `keys` for those that are still to be asked by name. `chunk` is
    how many names one request carries: GetConfigurationMaxKeys, halved when a request is refused.
    `firmware_version` is the one the last complete reading was of: another one is read again.
    """

    charger = models.OneToOneField(
        Charger,
        on_delete=models.CASCADE,
        related_name="configuration_reading",
        verbose_name=_("charger"),
    )
    state = models.CharField(
        _("state"), max_length=8, choices=ReadingState, default=ReadingState.DUE
    )
    everything = models.BooleanField(_("all keys"), default=True)
    keys = models.JSONField(_("keys to ask for"), default=list, blank=True)
    asked = models.JSONField(_("keys asked for"), default=list, blank=True)
    chunk = models.PositiveSmallIntegerField(_("keys per request"), default=20)
    command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    started_at = models.DateTimeField(_("begun"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    firmware_version = models.CharField(_("firmware when read"), max_length=64, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("configuration reading")
        verbose_name_plural = _("configuration readings")
        constraints: ClassVar = [
            choice_check("state", ReadingState, name="configuration_reading_state_is_known"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                name="configuration_reading_due",
                condition=models.Q(state__in=["due", "asked"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charger.identity}: {self.get_state_display()}"
