"""How chargers deviate from the protocol, as data: rules by make, a charger's own exceptions."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from unievp.lib.constraints import choice_check


class LocalTime(models.TextChoices):
    """Which of a charger's times are local ones (OCPP 1.6 §3.14 wants UTC)."""

    NEVER = "never", _("none: without an offset they are UTC")
    WITHOUT_OFFSET = "without_offset", _("those without an offset")
    WHEN_AHEAD = "when_ahead", _("those without an offset, and with Z while ahead of our clock")
    ALWAYS = "always", _("those without an offset, and all with Z")


class EnergyRegister(models.TextChoices):
    """What Energy.Active.Import.Register counts during a transaction (§7.31: the lifetime)."""

    LIFETIME = "lifetime", _("the meter's whole life")
    SESSION = "session", _("the session: it begins at 0 each time")


class QuirkValues(models.Model):
    """What a rule says; an empty field says nothing."""

    energy_factor = models.DecimalField(
        _("energy factor"),
        max_digits=9,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.001"))],
        help_text=_("1000 for kWh that are labelled Wh. Values in another unit stay as they are."),
    )
    energy_register = models.CharField(
        _("energy register counts"), max_length=16, choices=EnergyRegister, blank=True
    )
    local_time = models.CharField(
        _("local times"),
        max_length=16,
        choices=LocalTime,
        blank=True,
        help_text=_("Local is the charger's time zone, or else that of its location."),
    )
    start_answer_delay_ms = models.PositiveSmallIntegerField(
        _("wait before a start is answered (ms)"),
        null=True,
        blank=True,
        help_text=_("For chargers that drop the connection if the answer comes at once."),
    )
    assume_ocpp16 = models.BooleanField(
        _("accept without subprotocol"),
        null=True,
        blank=True,
        help_text=_("For chargers that do not send Sec-WebSocket-Protocol."),
    )
    breaks_on_pings = models.BooleanField(
        _("breaks on our pings"),
        null=True,
        blank=True,
        help_text=_("Let it connect to the listener without pings (OCPP_QUIET_PORT)."),
    )
    ping_interval_s = models.PositiveSmallIntegerField(
        _("its own ping interval (s)"),
        null=True,
        blank=True,
        help_text=_("Set as WebSocketPingInterval at the charger; it may refuse."),
    )

    class Meta:
        abstract = True


class ModelQuirks(QuirkValues):
    """A rule for every charger whose BootNotification fits all three patterns.

    Patterns are globs ("*", "?"), upper and lower case alike. Several rules may fit: field by
    field the one with the highest priority that says something wins.
    """

    name = models.CharField(_("name"), max_length=80)
    vendor_pattern = models.CharField(_("vendor"), max_length=64, default="*")
    model_pattern = models.CharField(_("model"), max_length=64, default="*")
    firmware_pattern = models.CharField(_("firmware"), max_length=64, default="*")
    priority = models.SmallIntegerField(
        _("priority"), default=100, help_text=_("The highest one wins.")
    )
    active = models.BooleanField(_("active"), default=True)
    note = models.TextField(_("what is known"), blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("quirks of a model")
        verbose_name_plural = _("quirks of models")
        ordering = ("-priority", "name")
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("name"), name="model_quirks_have_a_name_of_their_own"),
            choice_check(
                "energy_register",
                EnergyRegister,
                name="model_quirks_energy_register_is_known",
                blank=True,
            ),
            choice_check(
                "local_time", LocalTime, name="model_quirks_local_time_is_known", blank=True
            ),
            models.CheckConstraint(
                condition=models.Q(energy_factor__isnull=True) | models.Q(energy_factor__gt=0),
                name="model_quirks_energy_factor_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ChargerQuirks(QuirkValues):
    """What is different at this one charger; it wins over every rule for its model."""

    charger = models.OneToOneField(
        Charger,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="own_quirks",
        verbose_name=_("charger"),
    )

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("quirks of this charger")
        verbose_name_plural = _("quirks of this charger")
        constraints: ClassVar = [
            choice_check(
                "energy_register",
                EnergyRegister,
                name="charger_quirks_energy_register_is_known",
                blank=True,
            ),
            choice_check(
                "local_time", LocalTime, name="charger_quirks_local_time_is_known", blank=True
            ),
            models.CheckConstraint(
                condition=models.Q(energy_factor__isnull=True) | models.Q(energy_factor__gt=0),
                name="charger_quirks_energy_factor_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return str(self.charger)
