from __future__ import annotations

from fnmatch import fnmatchcase
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from chargers.configuration_keys import fault_of
from chargers.models.charger import Charger
from cpo.models import CPO
from unievp.lib.constraints import choice_check

_PATTERN_HELP = _("* stands for anything; upper and lower case are the same. Empty: every one.")


def matches(pattern: str, text: str) -> bool:
    """Whether `text` fits a pattern of `*` and `?`, in any case; an empty pattern fits all."""
    return not pattern or fnmatchcase(text.casefold(), pattern.casefold())


class ApplyPolicy(models.TextChoices):
    MANUAL = "manual", _("Show what differs; a person applies it")
    AUTOMATIC = "automatic", _("Apply by itself when a reading differs")


class ConfigurationTemplate(models.Model):
    """The values that chargers of a vendor, model and firmware should have.

    Several may fit one charger: a higher `priority` wins key by key, then the CPO's own over the
    platform's (`cpo` empty).
    """

    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="configuration_templates",
        verbose_name=_("CPO"),
        help_text=_("Empty: for the chargers of every CPO."),
    )
    name = models.CharField(_("name"), max_length=120)
    vendor_pattern = models.CharField(
        _("vendor"), max_length=64, blank=True, help_text=_PATTERN_HELP
    )
    model_pattern = models.CharField(_("model"), max_length=64, blank=True, help_text=_PATTERN_HELP)
    firmware_pattern = models.CharField(
        _("firmware"), max_length=64, blank=True, help_text=_PATTERN_HELP
    )
    policy = models.CharField(
        _("when a charger differs"),
        max_length=16,
        choices=ApplyPolicy,
        default=ApplyPolicy.MANUAL,
    )
    priority = models.SmallIntegerField(_("priority"), default=0)
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("configuration template")
        verbose_name_plural = _("configuration templates")
        ordering = ("name",)
        constraints: ClassVar = [
            choice_check("policy", ApplyPolicy, name="configuration_template_policy_is_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def fits(self, charger: Charger) -> bool:
        return (
            self.cpo_id in (None, charger.cpo_id)
            and matches(self.vendor_pattern, charger.vendor)
            and matches(self.model_pattern, charger.model)
            and matches(self.firmware_pattern, charger.firmware_version)
        )


class ConfigurationTemplateKey(models.Model):
    """A wanted value. `insist`: also where our own table of the standard's keys calls it wrong."""

    template = models.ForeignKey(
        ConfigurationTemplate,
        on_delete=models.CASCADE,
        related_name="keys",
        verbose_name=_("template"),
    )
    key = models.CharField(_("key"), max_length=50)
    value = models.CharField(_("wanted value"), max_length=500, blank=True)
    insist = models.BooleanField(
        _("insist"), default=False, help_text=_("Send it even if it looks wrong to us.")
    )

    tenant_path: ClassVar[str] = "template__cpo"

    class Meta:
        verbose_name = _("wanted value")
        verbose_name_plural = _("wanted values")
        ordering = ("key",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                "template", Lower("key"), name="configuration_template_names_a_key_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"

    def clean(self) -> None:
        fault = fault_of(self.key, self.value)
        if fault is not None and (fault.final or not self.insist):
            raise ValidationError({fault.field: fault.text})
