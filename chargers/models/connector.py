from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger, ForcedStatus
from unievp.lib.constraints import choice_check


class ConnectorStatus(models.TextChoices):
    """ChargePointStatus (OCPP 1.6 §7.7), and Unknown until the first StatusNotification."""

    UNKNOWN = "Unknown", _("Unknown")
    AVAILABLE = "Available", _("Available")
    PREPARING = "Preparing", _("Preparing")
    CHARGING = "Charging", _("Charging")
    SUSPENDED_EV = "SuspendedEV", _("Suspended by the car")
    SUSPENDED_EVSE = "SuspendedEVSE", _("Suspended by the charger")
    FINISHING = "Finishing", _("Finishing")
    RESERVED = "Reserved", _("Reserved")
    UNAVAILABLE = "Unavailable", _("Unavailable")
    FAULTED = "Faulted", _("Faulted")


class PowerType(models.TextChoices):
    AC_1_PHASE = "AC_1_PHASE", _("AC, one phase")
    AC_3_PHASE = "AC_3_PHASE", _("AC, three phases")
    DC = "DC", _("DC")


class Connector(models.Model):
    """One outlet of a charger, numbered from 1 as OCPP does; 0 (the whole charger) is `Charger`."""

    charger = models.ForeignKey(
        Charger, on_delete=models.CASCADE, related_name="connectors", verbose_name=_("charger")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    standard = models.CharField(
        _("standard"),
        max_length=32,
        default="IEC_62196_T2",
        help_text=_("OCPI ConnectorType, such as IEC_62196_T2, IEC_62196_T2_COMBO, CHADEMO."),
    )
    power_type = models.CharField(
        _("power type"), max_length=16, choices=PowerType, default=PowerType.AC_3_PHASE
    )
    max_power_w = models.PositiveIntegerField(_("maximum power (W)"), default=22_000)
    max_current_a = models.PositiveIntegerField(_("maximum current (A)"), default=32)
    max_voltage_v = models.PositiveIntegerField(_("maximum voltage (V)"), default=400)

    status = models.CharField(
        _("status"), max_length=16, choices=ConnectorStatus, default=ConnectorStatus.UNKNOWN
    )
    error_code = models.CharField(_("error code"), max_length=64, default="NoError")
    vendor_error_code = models.CharField(_("vendor error code"), max_length=64, blank=True)
    info = models.CharField(_("info"), max_length=255, blank=True)
    status_at = models.DateTimeField(
        _("status since"),
        null=True,
        blank=True,
        help_text=_("By the charger's clock: a late message must not win over a newer one."),
    )
    forced_status = models.CharField(
        _("forced status"), max_length=16, choices=ForcedStatus, blank=True
    )

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("connector")
        verbose_name_plural = _("connectors")
        ordering = ("charger", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["charger", "number"], name="connector_number_is_unique_on_its_charger"
            ),
            models.CheckConstraint(
                condition=models.Q(number__gte=1), name="connector_numbers_start_at_1"
            ),
            choice_check("status", ConnectorStatus, name="connector_status_is_known"),
            choice_check("power_type", PowerType, name="connector_power_type_is_known"),
            choice_check(
                "forced_status", ForcedStatus, name="connector_forced_status_is_known", blank=True
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charger.identity}/{self.number}"


class ConnectorStatusChange(models.Model):
    """Every status a charger reported, in its own words; connector 0 included."""

    charger = models.ForeignKey(
        Charger, on_delete=models.CASCADE, related_name="status_changes", verbose_name=_("charger")
    )
    connector_number = models.PositiveSmallIntegerField(_("connector"))
    status = models.CharField(_("status"), max_length=16)
    error_code = models.CharField(_("error code"), max_length=64, default="NoError")
    vendor_error_code = models.CharField(_("vendor error code"), max_length=64, blank=True)
    info = models.CharField(_("info"), max_length=255, blank=True)
    reported_at = models.DateTimeField(_("time"))
    received_at = models.DateTimeField(_("received"))

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")
        ordering = ("-reported_at", "-id")
        constraints: ClassVar = [
            # A resent StatusNotification meets its first copy.
            models.UniqueConstraint(
                fields=["charger", "connector_number", "reported_at", "status", "error_code"],
                name="status_change_is_stored_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connector_number}: {self.status}"
