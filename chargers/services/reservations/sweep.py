"""What was missed: answers that nothing followed from, ends in time, connectors that broke."""

from __future__ import annotations

from django.db import transaction

from chargers.models import CommandStatus, Reservation, ReservationStatus
from chargers.services.reservations.answers import follow_reserve
from chargers.services.reservations.ends import (
    end_broken_reservations,
    expire_reservations,
    locked,
)

_OPEN_COMMANDS = (CommandStatus.QUEUED, CommandStatus.SENT)


def sweep_reservations() -> int:
    """How many changed."""
    return _follow_missed() + end_broken_reservations() + expire_reservations()


def _follow_missed() -> int:
    """Rows whose command ended while what follows from it failed."""
    missed = Reservation.objects.filter(status=ReservationStatus.REQUESTED).exclude(
        command__status__in=_OPEN_COMMANDS
    )
    followed = 0
    for pk in missed.values_list("pk", flat=True):
        with transaction.atomic():
            row = locked(missed.filter(pk=pk).select_related("command")).first()
            if row is not None:
                follow_reserve(row.command)
                followed += 1
    return followed
