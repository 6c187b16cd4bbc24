"""A reservation's change of status, and the ends that nobody asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_noop

from chargers.events import ReservationChanged
from chargers.models import Charger, ConnectorStatus, Presence, Reservation, ReservationStatus
from chargers.states import RESERVATION
from unievp.lib import clock
from unievp.lib.events import publish

OFFLINE_THEN: Final = gettext_noop("The charger was offline when it ended")
BECAME: Final = gettext_noop("The connector or the charger became %s")

# What ends a reservation at the charger (§5.13).
_ENDS_IT: Final = (ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE)


def move(
    reservation: Reservation, status: ReservationStatus, *, reason: str = "", at: datetime
) -> None:
    """Into `status` and saved, told on commit; `at` is when it began or ended to be kept."""
    RESERVATION.check(reservation.status, status)
    reservation.status, reservation.reason = status, reason[:200]
    if status == ReservationStatus.ACTIVE:
        reservation.started_at, reservation.ended_at = at, None
    else:
        reservation.ended_at = max(at, reservation.started_at or at)
    reservation.save()
    publish(ReservationChanged(reservation.pk, status))


def locked(rows: QuerySet[Reservation]) -> QuerySet[Reservation]:
    """Held in one order, so that no two wait for each other in a circle."""
    return rows.select_for_update(no_key=True, of=("self",)).order_by("pk")


def expire_reservations(now: datetime | None = None) -> int:
    """End what is past its time: the charger does the same by itself; how many."""
    now = now or clock.now()
    due = Q(status=ReservationStatus.ACTIVE, expires_at__lte=now)
    return sum(
        _expire(pk, due) for pk in Reservation.objects.filter(due).values_list("pk", flat=True)
    )


def _expire(pk: int, due: Q) -> bool:
    with transaction.atomic():
        row = locked(Reservation.objects.filter(due, pk=pk)).first()
        if row is None:
            return False
        online = Presence.objects.filter(charger_id=row.charger_id, online=True).exists()
        reason = "" if online else OFFLINE_THEN
        move(row, ReservationStatus.EXPIRED, reason=reason, at=row.expires_at)
        return True


def end_broken_reservations() -> int:
    """End those whose connector, or whole charger, was reported Faulted or Unavailable since."""
    outlet = Q(
        charger__connectors__number=F("connector_number"),
        charger__connectors__status__in=_ENDS_IT,
    )
    broken = Reservation.objects.filter(status=ReservationStatus.ACTIVE).filter(
        outlet | Q(charger__status__in=_ENDS_IT)
    )
    return sum(_end_broken(pk) for pk in set(broken.order_by().values_list("pk", flat=True)))


def _end_broken(pk: int) -> bool:
    with transaction.atomic():
        row = locked(Reservation.objects.filter(pk=pk, status=ReservationStatus.ACTIVE)).first()
        if row is None or row.started_at is None:
            return False
        charger = Charger.objects.get(pk=row.charger_id)
        for said in (charger, charger.connectors.filter(number=row.connector_number).first()):
            if said is None or said.status not in _ENDS_IT:
                continue
            if said.status_at is not None and said.status_at > row.started_at:
                move(
                    row, ReservationStatus.CANCELLED, reason=BECAME % said.status, at=said.status_at
                )
                return True
        return False
