from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from chargers.models.connector import Connector
from chargers.models.location import Location


class SiteBudget(models.Model):
    """How much power the chargers of a location may take together (docs/smart-charging.md).

    `next_at` is when it is computed next: events bring it forward, never before `debounce_s` after
    `computed_at`; the sweep runs whatever is due, so a lost nudge costs seconds. `version` counts
    the computations.
    """

    location = models.OneToOneField(
        Location,
        on_delete=models.CASCADE,
        related_name="power_budget",
        verbose_name=_("location"),
    )
    enabled = models.BooleanField(
        _("in force"), default=True, help_text=_("Off: the chargers keep their fallback.")
    )
    power_w = models.PositiveIntegerField(
        _("power for charging (W)"),
        validators=[MinValueValidator(1_000)],
        help_text=_("What the connection of the site can carry."),
    )
    reserve_w = models.PositiveIntegerField(
        _("reserve for the building (W)"), default=0, help_text=_("Taken off the power.")
    )
    phases = models.PositiveSmallIntegerField(
        _("phases"), default=3, choices=[(1, _("one")), (3, _("three"))]
    )
    voltage_v = models.PositiveSmallIntegerField(
        _("voltage, phase to neutral (V)"),
        default=230,
        validators=[MinValueValidator(100), MaxValueValidator(300)],
    )
    minimum_ma = models.PositiveIntegerField(
        _("least current of a car (mA)"),
        default=6_000,
        help_text=_("Below 6 A a car does not charge (IEC 61851-1). Cars then take turns."),
    )
    fallback_ma = models.PositiveIntegerField(
        _("fallback per connector (mA)"),
        null=True,
        blank=True,
        help_text=_(
            "What a charger allows each car when it cannot reach us. Empty: the smallest budget of"
            " the day, divided by the number of connectors."
        ),
    )
    threshold_ma = models.PositiveIntegerField(
        _("smallest change (mA)"), default=1_000, help_text=_("Smaller ones are not sent.")
    )
    debounce_s = models.PositiveIntegerField(
        _("compute at most every (s)"), default=5, validators=[MaxValueValidator(300)]
    )
    lease_s = models.PositiveIntegerField(
        _("limits last (s)"),
        default=900,
        validators=[MinValueValidator(120)],
        help_text=_("Renewed in time; when we are gone, the fallback applies after it."),
    )
    turn_s = models.PositiveIntegerField(
        _("length of a turn (s)"), default=900, validators=[MinValueValidator(60)]
    )
    version = models.PositiveIntegerField(_("computation"), default=0, editable=False)
    computed_at = models.DateTimeField(_("computed"), null=True, blank=True, editable=False)
    next_at = models.DateTimeField(_("next"), db_default=Now(), editable=False)
    limit_ma = models.PositiveIntegerField(_("budget now (mA)"), default=0, editable=False)

    tenant_path: ClassVar[str] = "location__cpo"

    class Meta:
        verbose_name = _("power budget")
        verbose_name_plural = _("power budgets")
        ordering = ("location",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(phases__in=[1, 3]), name="site_budget_has_one_or_three_phases"
            ),
            models.CheckConstraint(
                condition=models.Q(reserve_w__lt=models.F("power_w")),
                name="site_budget_reserve_leaves_power",
                violation_error_message=_("The reserve must be less than the power."),
            ),
            models.CheckConstraint(
                condition=models.Q(voltage_v__gte=1), name="site_budget_has_a_voltage"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"], name="site_budget_due", condition=models.Q(enabled=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.location.name}: {self.power_w} W"


class SiteBudgetWindow(models.Model):
    """Another power at certain hours of the day, in the location's own time.

    May run over midnight. Where two windows meet, the smaller power counts.
    """

    budget = models.ForeignKey(SiteBudget, on_delete=models.CASCADE, related_name="windows")
    begins = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    power_w = models.PositiveIntegerField(
        _("power for charging (W)"), validators=[MinValueValidator(1_000)]
    )

    tenant_path: ClassVar[str] = "budget__location__cpo"

    class Meta:
        verbose_name = _("hours with another power")
        verbose_name_plural = _("hours with another power")
        ordering = ("begins",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(begins=models.F("ends")), name="site_budget_window_has_a_length"
            ),
            models.UniqueConstraint(
                fields=["budget", "begins"], name="site_budget_window_begins_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.begins:%H:%M} - {self.ends:%H:%M}: {self.power_w} W"


class SiteConnector(models.Model):
    """What is special about one connector in its site's budget."""

    budget = models.ForeignKey(SiteBudget, on_delete=models.CASCADE, related_name="connectors")
    connector = models.OneToOneField(
        Connector,
        on_delete=models.CASCADE,
        related_name="site_connector",
        verbose_name=_("connector"),
    )
    cap_ma = models.PositiveIntegerField(_("at most (mA)"), null=True, blank=True)
    weight = models.PositiveSmallIntegerField(
        _("weight"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text=_("2 gets twice the share of 1 where both want more."),
    )
    counted = models.BooleanField(
        _("counts"), default=True, help_text=_("Off: it has a supply of its own, or is cut off.")
    )

    tenant_path: ClassVar[str] = "budget__location__cpo"

    class Meta:
        verbose_name = _("connector in the budget")
        verbose_name_plural = _("connectors in the budget")
        ordering = ("connector",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(weight__range=(1, 10)), name="site_connector_weight_is_1_to_10"
            ),
        ]

    def __str__(self) -> str:
        return str(self.connector)


class SiteCharger(models.Model):
    """How a charger of a site with a budget can be limited, as far as its answers taught us.

    `mode` is a place in the ladder of `chargers.services.site_power.modes`. `default_ma` is the
    limit of idle connectors while we are there (0: a car waits for its share), `fallback_ma` the
    one for when we are gone; None: the charger has not confirmed one. The `_sent` ones are under
    way.
    """

    charger = models.OneToOneField(
        Charger, on_delete=models.CASCADE, related_name="site_charger", verbose_name=_("charger")
    )
    budget = models.ForeignKey(SiteBudget, on_delete=models.CASCADE, related_name="chargers")
    mode = models.PositiveSmallIntegerField(_("way of limiting"), default=0)
    refusals = models.PositiveIntegerField(_("refusals in a row"), default=0)
    refusal = models.CharField(_("charger says"), max_length=300, blank=True)
    retry_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    fallback_ma = models.PositiveIntegerField(_("fallback (mA)"), null=True, blank=True)
    fallback_sent_ma = models.PositiveIntegerField(null=True, blank=True)
    fallback_command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    gate_until = models.DateTimeField(_("idle connectors closed until"), null=True, blank=True)
    gate_sent_until = models.DateTimeField(null=True, blank=True)
    gate_command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    tenant_path: ClassVar[str] = "budget__location__cpo"

    class Meta:
        verbose_name = _("charger in a budget")
        verbose_name_plural = _("chargers in a budget")
        ordering = ("charger",)

    def __str__(self) -> str:
        return self.charger.identity
