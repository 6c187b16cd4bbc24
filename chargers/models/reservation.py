from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from chargers.models.session import ChargingSession
from unievp.lib.constraints import choice_check


class ReservationStatus(models.TextChoices):
    REQUESTED = "requested", _("Asked for")
    ACTIVE = "active", _("Reserved")
    REJECTED = "rejected", _("Refused by the charger")
    USED = "used", _("Used")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    FAILED = "failed", _("Did not work")


OPEN_RESERVATIONS = (ReservationStatus.REQUESTED, ReservationStatus.ACTIVE)


class NextReservationNumber(models.Func):
    """`nextval` of the one sequence that OCPP's reservationId comes from: unique, ≥ 1, int32."""

    template = "nextval('reservation_number_seq')"
    output_field = models.IntegerField()


class Reservation(models.Model):
    """A connector kept for one id tag, or its group, until `expires_at` (OCPP 1.6 §5.13).

    Reserved is what the charger accepted: `active`. Whoever else comes is the charger's to refuse.
    Connector 0: any one of the charger's. From `started_at` to `ended_at` it was held, which is
    what a tariff may price. Sending the same `number` again changes it: what a change asks for is
    in `command` until the charger accepts it.
    """

    number = models.IntegerField(
        _("number"), unique=True, editable=False, db_default=NextReservationNumber()
    )
    charger = models.ForeignKey(
        Charger, on_delete=models.PROTECT, related_name="reservations", verbose_name=_("charger")
    )
    connector_number = models.PositiveSmallIntegerField(
        _("connector"), help_text=_("0: any connector of this charger.")
    )
    id_tag = models.CharField(_("id tag"), max_length=20)
    parent_id_tag = models.CharField(_("group (parent id)"), max_length=20, blank=True)
    expires_at = models.DateTimeField(_("until"))
    status = models.CharField(
        _("status"),
        max_length=9,
        choices=ReservationStatus,
        default=ReservationStatus.REQUESTED,
    )
    reason = models.CharField(_("why"), max_length=200, blank=True)
    note = models.CharField(_("noted"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("asked"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    created_label = models.CharField(_("who asked"), max_length=150)
    started_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    command = models.ForeignKey(
        Command,
        on_delete=models.PROTECT,
        related_name="reservations",
        verbose_name=_("latest ReserveNow"),
    )
    cancel_command = models.ForeignKey(
        Command,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cancelled_reservations",
        verbose_name=_("CancelReservation"),
    )
    session = models.OneToOneField(
        ChargingSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reservation",
        verbose_name=_("session"),
    )

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            choice_check("status", ReservationStatus, name="reservation_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1), name="reservation_number_is_positive"
            ),
            # Connector 0 counts as one of its own.
            models.UniqueConstraint(
                fields=["charger", "connector_number"],
                condition=models.Q(status="active"),
                name="connector_has_one_active_reservation",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="active") | models.Q(started_at__isnull=False),
                name="reservation_that_is_active_was_accepted",
            ),
            models.CheckConstraint(
                condition=models.Q(status="used", session__isnull=False)
                | ~models.Q(status="used") & models.Q(session__isnull=True),
                name="reservation_that_was_used_has_its_session",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=["rejected", "failed"]) | ~models.Q(reason=""),
                name="reservation_that_came_to_nothing_says_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["charger"],
                name="reservation_open_by_charger",
                condition=models.Q(status__in=["requested", "active"]),
            ),
            models.Index(
                fields=["expires_at"],
                name="reservation_open_by_expiry",
                condition=models.Q(status__in=["requested", "active"]),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"
