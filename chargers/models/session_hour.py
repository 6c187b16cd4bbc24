from __future__ import annotations

from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.location import Location
from cpo.models import CPO

_SUMS: Final = ["location", "sessions", "energy_wh", "revenue", "busy"]


class SessionHour(models.Model):
    """Sums of the ended sessions of a company at a location that started in one hour (UTC).

    True while no `StaleHour` names its hour; readers then count the sessions themselves.
    `revenue` is what is billed of them, in minor units; `busy` how long they took together.
    """

    cpo = models.ForeignKey(CPO, on_delete=models.CASCADE, related_name="+", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField(_("hour"))
    sessions = models.IntegerField(_("sessions"))
    energy_wh = models.BigIntegerField(_("energy (Wh)"))
    revenue = models.BigIntegerField(_("revenue"))
    busy = models.DurationField(_("busy"))

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("hour of sessions")
        verbose_name_plural = _("hours of sessions")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cpo", "hour", "location"], name="session_hour_is_summed_once"
            ),
        ]
        # With the sums: a month of a large company is 50,000 rows, each on a page of its own.
        indexes: ClassVar = [
            models.Index(fields=["hour"], include=["cpo", *_SUMS], name="session_hour_sums"),
            models.Index(fields=["cpo", "hour"], include=_SUMS, name="session_hour_sums_of_cpo"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00"


class StaleHour(models.Model):
    """A mark that sessions of this hour changed after it was summed.

    Triggers leave it in the transaction that changes a session. Marks are only ever added, so
    that two transactions never wait for each other; the recount takes those that it sees.
    """

    hour = models.DateTimeField(_("hour"))

    class Meta:
        verbose_name = _("stale hour")
        verbose_name_plural = _("stale hours")

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00"
