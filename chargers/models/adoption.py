"""Chargers that come by themselves: a CPO's own address, off until the CPO makes one (ADR 8)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
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


class SelfAdoption(models.Model):
    """A charger that came in through its CPO's adoption address.

    Settled once it was accepted, or once a person decided otherwise.
    """

    charger = models.OneToOneField(
        Charger,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="self_adoption",
        verbose_name=_("charger"),
    )
    remote_address = models.CharField(_("address"), max_length=64, blank=True)
    came_at = models.DateTimeField(_("came"), db_index=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("self-adoption")
        verbose_name_plural = _("self-adoptions")

    def __str__(self) -> str:
        return f"{self.charger_id}"
