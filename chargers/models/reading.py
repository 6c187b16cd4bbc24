from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class MeterReading(models.Model):
    """What a charger measured at one time: one row per MeterValue, not per sampled value.

    Partitioned by month of `measured_at`. The database's key is (id, measured_at) and nothing has
    a foreign key to it; Django's state keeps the single `id`. `session_id`, `charger_id` are plain
    numbers for the same reason. A resent message meets its first copy by
    (charger, connector, transaction, measured_at, content hash).
    Typed columns are base units; `others` lists what has no column, in base units, too:
    [{"measurand", "value", "unit", "raw", and where given "raw_unit", "phase", "location",
    "context"}]; `samples` is the charger's sampledValue list, word for word;
    `adjustments` names what was changed or doubted on the way in.
    """

    id = models.BigAutoField(primary_key=True)
    charger_id = models.BigIntegerField(_("charger"))
    connector_number = models.SmallIntegerField(_("connector"))
    session_id = models.BigIntegerField(_("session"), null=True, blank=True)
    transaction_id = models.BigIntegerField(_("transaction"), null=True, blank=True)
    measured_at = models.DateTimeField(_("measured"))
    received_at = models.DateTimeField(_("received"))
    energy_wh = models.BigIntegerField(_("energy register (Wh)"), null=True, blank=True)
    interval_wh = models.BigIntegerField(_("energy of the interval (Wh)"), null=True, blank=True)
    power_w = models.IntegerField(_("power (W)"), null=True, blank=True)
    current_ma = models.IntegerField(_("current (mA)"), null=True, blank=True)
    voltage_mv = models.IntegerField(_("voltage (mV)"), null=True, blank=True)
    soc_percent = models.SmallIntegerField(_("state of charge (%)"), null=True, blank=True)
    temperature_mc = models.IntegerField(_("temperature (m°C)"), null=True, blank=True)
    others = models.JSONField(_("other values"), null=True, blank=True)
    samples = models.JSONField(_("samples"))
    adjustments = models.JSONField(_("adjustments"), null=True, blank=True)
    content_hash = models.BinaryField(editable=False)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("meter reading")
        verbose_name_plural = _("meter readings")
        ordering = ("measured_at", "id")

    def __str__(self) -> str:
        return f"{self.measured_at:%H:%M:%S}: {self.energy_wh} Wh"
