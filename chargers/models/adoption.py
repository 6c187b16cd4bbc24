"""Chargers that come by themselves: a CPO's own address, off until the CPO makes one (ADR 8)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.location import Location
from cpo.models import CPO


class AdoptionDoor(models.Model):
    """`…/join-TOKEN/CHARGER-ID`: an unknown charger that knows the token becomes the CPO's.

    It comes in on hold, at `location`. `accepts`: once it has taken a password of its own it is
    accepted without a person. At most `hourly_limit` chargers an hour.
    """

    cpo = models.OneToOneField(
        CPO,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="adoption_door",
        verbose_name=_("CPO"),
    )
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, related_name="+", verbose_name=_("location")
    )
    token_digest = models.BinaryField(editable=False, unique=True)
    accepts = models.BooleanField(_("accept once it has a password"), default=False)
    hourly_limit = models.PositiveSmallIntegerField(_("chargers an hour at most"), default=20)
    opened_at = models.DateTimeField(_("opened"))

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("adoption address")
        verbose_name_plural = _("adoption addresses")

    def __str__(self) -> str:
        return str(self.cpo)
