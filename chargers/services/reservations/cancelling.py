"""Giving a reserved connector back."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import CommandStatus, Reservation, ReservationStatus
from chargers.services.commands import queue_command
from chargers.services.outcomes import cancel_command
from chargers.services.reservations.ends import locked
from cpo.models import User
from cpo.services import audit
from unievp.lib.errors import ConflictError

ACTION: Final = "CancelReservation"
_OPEN_COMMANDS: Final = (CommandStatus.QUEUED, CommandStatus.SENT)


def cancel_reservation(reservation: Reservation, *, actor: User | str) -> Reservation:
    """Ask the charger to give it up; what was not sent yet is only taken out of the queue.

    It is cancelled when the charger says so. Raises ConflictError for one that is over, and while
    the charger is being asked already.
    """
    with transaction.atomic():
        row = locked(Reservation.objects.filter(pk=reservation.pk)).get()
        if not _may_be_held(row):
            raise ConflictError(_("This reservation is over."), code="reservation_over")
        if row.cancel_command is not None and row.cancel_command.status in _OPEN_COMMANDS:
            raise ConflictError(_("The charger is asked already."), code="cancel_pending")
        requested = row.status == ReservationStatus.REQUESTED
        if requested and row.command.status == CommandStatus.QUEUED:
            cancel_command(row.command, actor=actor)
        else:
            row.cancel_command = queue_command(
                row.charger, action=ACTION, payload={"reservationId": row.number}, actor=actor
            )
            row.save(update_fields=["cancel_command"])
        audit.record(
            actor=actor,
            action="reservation.cancel",
            subject=row,
            after={"reservation": str(row.number)},
            cpo=row.charger.cpo,
        )
    row.refresh_from_db()
    return row


def _may_be_held(row: Reservation) -> bool:
    """Also one whose ReserveNow was never answered: the charger may have taken it."""
    if row.status == ReservationStatus.FAILED:
        return row.command.status == CommandStatus.TIMED_OUT
    return row.status in (ReservationStatus.REQUESTED, ReservationStatus.ACTIVE)
