from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from chargers.models.session import ChargingSession
from unievp.lib.constraints import choice_check


class ProfilePurpose(models.TextChoices):
    """OCPP 1.6 §7.11."""

    POINT_MAX = "ChargePointMaxProfile", _("The whole charger, always")
    TX_DEFAULT = "TxDefaultProfile", _("Every session that has none of its own")
    TX = "TxProfile", _("This session")


class ProfileKind(models.TextChoices):
    """OCPP 1.6 §7.10."""

    ABSOLUTE = "Absolute", _("From a point in time")
    RECURRING = "Recurring", _("Every day or week")
    RELATIVE = "Relative", _("From the start of the session")


class Recurrency(models.TextChoices):
    DAILY = "Daily", _("Every day")
    WEEKLY = "Weekly", _("Every week")


class RateUnit(models.TextChoices):
    """OCPP 1.6 §7.9: W is the total, A is per phase."""

    AMPERE = "A", _("A per phase")
    WATT = "W", _("W in total")


class ProfileState(models.TextChoices):
    PENDING = "pending", _("On its way")
    INSTALLED = "installed", _("Installed")
    REFUSED = "refused", _("Refused")
    # No answer: the charger may have it.
    UNSURE = "unsure", _("No answer")
    UNSENT = "unsent", _("Never sent")
    REPLACED = "replaced", _("Replaced")
    CLEARED = "cleared", _("Cleared")
    ENDED = "ended", _("Over")


class ProfileSource(models.TextChoices):
    OPERATOR = "operator", _("An operator")
    BUDGET = "budget", _("The site's power budget")
    FALLBACK = "fallback", _("Fallback of the power budget")


class ChargingProfile(models.Model):
    """A charging profile that a charger was sent, and what we believe became of it.

    OCPP 1.6 §7.8. The charger's answer moves `state`; a profile with the same id, or the same
    purpose and stack level on the same connector, replaces it (§5.16.4). Its periods are
    `ChargingSchedulePeriod` rows.
    """

    charger = models.ForeignKey(
        Charger,
        on_delete=models.CASCADE,
        related_name="charging_profiles",
        verbose_name=_("charger"),
    )
    connector_number = models.PositiveSmallIntegerField(
        _("connector"), help_text=_("0: all connectors.")
    )
    session = models.ForeignKey(
        ChargingSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="charging_profiles",
        verbose_name=_("session"),
    )
    profile_id = models.IntegerField(_("profile id"))
    stack_level = models.PositiveIntegerField(
        _("stack level"), help_text=_("The highest level of a purpose wins.")
    )
    purpose = models.CharField(_("purpose"), max_length=24, choices=ProfilePurpose)
    kind = models.CharField(_("kind"), max_length=16, choices=ProfileKind)
    recurrency = models.CharField(_("repeats"), max_length=8, choices=Recurrency, blank=True)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_to = models.DateTimeField(_("valid to"), null=True, blank=True)
    start_at = models.DateTimeField(_("schedule starts"), null=True, blank=True)
    duration_s = models.PositiveIntegerField(_("duration (s)"), null=True, blank=True)
    rate_unit = models.CharField(_("unit"), max_length=1, choices=RateUnit)
    min_rate = models.DecimalField(
        _("lowest useful limit"), max_digits=8, decimal_places=1, null=True, blank=True
    )
    source = models.CharField(
        _("from"), max_length=16, choices=ProfileSource, default=ProfileSource.OPERATOR
    )
    state = models.CharField(
        _("state"), max_length=16, choices=ProfileState, default=ProfileState.PENDING
    )
    refusal = models.CharField(_("charger says"), max_length=300, blank=True)
    command = models.ForeignKey(
        Command,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="charging_profiles",
        verbose_name=_("command"),
    )
    created_at = models.DateTimeField(_("created"))
    state_at = models.DateTimeField(_("state since"))

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("charging profile")
        verbose_name_plural = _("charging profiles")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["charger", "profile_id"],
                condition=models.Q(state="installed"),
                name="charging_profile_id_is_installed_once_per_charger",
            ),
            models.UniqueConstraint(
                fields=["charger", "connector_number", "purpose", "stack_level"],
                condition=models.Q(state="installed"),
                name="charging_profile_level_is_taken_once_per_purpose",
            ),
            choice_check("purpose", ProfilePurpose, name="charging_profile_purpose_is_known"),
            choice_check("kind", ProfileKind, name="charging_profile_kind_is_known"),
            choice_check(
                "recurrency", Recurrency, name="charging_profile_recurrency_is_known", blank=True
            ),
            choice_check("rate_unit", RateUnit, name="charging_profile_unit_is_known"),
            choice_check("source", ProfileSource, name="charging_profile_source_is_known"),
            choice_check("state", ProfileState, name="charging_profile_state_is_known"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["charger", "connector_number"],
                name="charging_profile_in_force",
                condition=models.Q(state__in=["pending", "installed", "unsure"]),
            ),
            models.Index(fields=["command"], name="charging_profile_by_command"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.profile_id} · {self.charger.identity}"


class ChargingSchedulePeriod(models.Model):
    """From `start_s` seconds into its profile's schedule (OCPP 1.6 §7.14)."""

    profile = models.ForeignKey(
        ChargingProfile, on_delete=models.CASCADE, related_name="periods", verbose_name=_("profile")
    )
    start_s = models.PositiveIntegerField(_("from (s)"))
    limit = models.DecimalField(
        _("limit"), max_digits=9, decimal_places=1, validators=[MinValueValidator(0)]
    )
    phases = models.PositiveSmallIntegerField(_("phases"), null=True, blank=True)

    tenant_path: ClassVar[str] = "profile__charger__cpo"

    class Meta:
        verbose_name = _("schedule period")
        verbose_name_plural = _("schedule periods")
        ordering = ("start_s",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["profile", "start_s"], name="schedule_period_starts_once_per_profile"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start_s} s: {self.limit}"
