from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models import ChargingSession, Reservation
from ocpi.models.partner import Partner
from ocpi.models.party import Party
from ocpi.models.token import AuthMethod
from payments.models import Bill
from unievp.lib.constraints import choice_check


class RoamingStatus(models.TextChoices):
    """OCPI 2.2.1 SessionStatus."""

    RESERVATION = "RESERVATION", _("Reserved")
    PENDING = "PENDING", _("Pending")
    ACTIVE = "ACTIVE", _("Charging")
    COMPLETED = "COMPLETED", _("Completed")
    INVALID = "INVALID", _("Invalid")


class RoamingSession(models.Model):
    """A session of a partner's driver, as that partner (and nobody else) sees it.

    Token, place and tariff are those of its start. `body` is the OCPI Session as JSON; one that is
    COMPLETED or INVALID is never rendered again. One that began as a `reservation` stays the same
    one when its driver charges; of a reservation that nobody used it becomes INVALID.
    """

    session = models.OneToOneField(
        ChargingSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="roaming",
        verbose_name=_("charging session"),
    )
    reservation = models.OneToOneField(
        Reservation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="roaming",
        verbose_name=_("reservation"),
    )
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("partner")
    )
    our_party = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("party of ours")
    )
    ocpi_id = models.CharField(_("OCPI id"), max_length=36, unique=True)
    country_code = models.CharField(_("country code"), max_length=2)
    party_id = models.CharField(_("party id"), max_length=3)
    uid = models.CharField(_("uid"), max_length=36)
    type = models.CharField(_("type"), max_length=36)
    contract_id = models.CharField(_("contract"), max_length=36)
    auth_method = models.CharField(_("authorised"), max_length=12, choices=AuthMethod)
    authorization_reference = models.CharField(_("reference"), max_length=36, blank=True)
    place = models.TextField(_("place at the start"))
    tariff_id = models.CharField(_("tariff at the start"), max_length=36, blank=True)
    status = models.CharField(
        _("status"), max_length=11, choices=RoamingStatus, default=RoamingStatus.ACTIVE
    )
    body = models.TextField(_("as the partner sees it"))
    last_updated = models.DateTimeField(_("changed"))

    tenant_path: ClassVar[str] = "our_party__cpo"

    class Meta:
        verbose_name = _("roaming session")
        verbose_name_plural = _("roaming sessions")
        ordering = ("-id",)
        constraints: ClassVar = [
            choice_check("status", RoamingStatus, name="roaming_session_status_is_known"),
            choice_check("auth_method", AuthMethod, name="roaming_session_method_is_known"),
            models.CheckConstraint(
                condition=models.Q(session__isnull=False) & ~models.Q(status="RESERVATION")
                | models.Q(
                    session__isnull=True,
                    reservation__isnull=False,
                    status__in=["RESERVATION", "INVALID"],
                ),
                name="roaming_session_charges_or_is_a_reservation",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["partner", "last_updated"], name="roaming_session_by_change"),
            models.Index(
                fields=["last_updated"],
                name="roaming_session_open",
                condition=models.Q(status__in=["PENDING", "ACTIVE"]),
            ),
        ]

    def __str__(self) -> str:
        return self.ocpi_id

    @property
    def charging(self) -> ChargingSession:
        """Where the driver charges or has charged. Raises ValueError for a mere reservation."""
        if self.session is None:
            message = f"{self.ocpi_id} is a reservation that nobody has used"
            raise ValueError(message)
        return self.session


class Cdr(models.Model):
    """What a partner owes for a session: written once, never changed (triggers refuse it).

    A wrong one is taken back by a credit CDR that names it, and another one may follow.
    """

    roaming_session = models.ForeignKey(
        RoamingSession, on_delete=models.PROTECT, related_name="cdrs", verbose_name=_("session")
    )
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, related_name="cdrs", verbose_name=_("bill")
    )
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="cdrs", verbose_name=_("partner")
    )
    ocpi_id = models.CharField(_("OCPI id"), max_length=39, unique=True)
    credits = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credit",
        verbose_name=_("takes back"),
    )
    body = models.TextField(_("as the partner sees it"))
    last_updated = models.DateTimeField(_("issued"))

    tenant_path: ClassVar[str] = "bill__cpo"

    class Meta:
        verbose_name = _("CDR")
        verbose_name_plural = _("CDRs")
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bill"],
                condition=models.Q(credits__isnull=True),
                name="cdr_is_one_per_bill_beside_its_credit",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["partner", "last_updated"], name="cdr_by_issue"),
        ]

    def __str__(self) -> str:
        return self.ocpi_id
