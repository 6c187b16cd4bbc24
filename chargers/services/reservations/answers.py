"""What a charger's answers to ReserveNow and CancelReservation mean, whoever asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_noop

from chargers.events import ReservationChanged
from chargers.models import (
    OPEN_RESERVATIONS,
    Command,
    CommandStatus,
    Reservation,
    ReservationStatus,
)
from chargers.services.reservations.ends import locked, move
from chargers.states import RESERVATION
from unievp.lib import clock
from unievp.lib.events import publish

NOT_DELIVERED: Final = gettext_noop("It could not be sent in time")
NO_ANSWER: Final = gettext_noop("The charger did not answer")
ERROR: Final = gettext_noop("The charger answered with an error: %s")
CHANGE_REFUSED: Final = gettext_noop("Not changed: %s")
NOT_CANCELLED: Final = gettext_noop("Not cancelled: %s")
TAKEN_BACK: Final = gettext_noop("Taken back before it was sent")
REPLACED: Final = gettext_noop("The charger gave the connector to reservation %s")
NOT_HELD: Final = gettext_noop("The charger held no such reservation")

_ACCEPTED: Final = "Accepted"
_S = ReservationStatus


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a ReserveNow asks for."""

    number: int
    connector_number: int
    id_tag: str
    parent_id_tag: str
    expires_at: datetime


def follow_reserve(command: Command) -> None:
    """Accepted: the row is what was asked for. Everything else leaves a reason."""
    asked = _read(command.payload)
    row = locked(Reservation.objects.filter(command=command)).first()
    if row is None and asked is not None:
        row = _taken_over(command, asked)
    if row is None:
        return
    if command.status == CommandStatus.ANSWERED and command.response_status == _ACCEPTED:
        if asked is not None:
            _accept(row, command, asked)
        return
    status, reason = _refusal(command)
    if row.status == _S.ACTIVE:
        _note(row, CHANGE_REFUSED % (reason or command.get_status_display()))
    elif RESERVATION.allows(row.status, status):
        move(row, status, reason=reason, at=clock.now())


def follow_cancel(command: Command) -> None:
    """Rejected means that the charger knows no such reservation (§5.2): it is over, too."""
    number = command.payload.get("reservationId")
    if not isinstance(number, int) or isinstance(number, bool):
        return
    rows = Reservation.objects.filter(number=number, charger_id=command.charger_id)
    row = locked(rows).first()
    if row is None:
        return
    if row.cancel_command_id != command.pk:
        row.cancel_command = command
        row.save(update_fields=["cancel_command"])
    if command.status != CommandStatus.ANSWERED:
        if row.status in OPEN_RESERVATIONS:
            _note(row, NOT_CANCELLED % (_refusal(command)[1] or command.get_status_display()))
        return
    accepted = command.response_status == _ACCEPTED
    if accepted and RESERVATION.allows(row.status, _S.CANCELLED):
        move(row, _S.CANCELLED, at=clock.now())
    elif not accepted and row.status == _S.ACTIVE:
        move(row, _S.CANCELLED, reason=NOT_HELD, at=clock.now())


def _accept(row: Reservation, command: Command, asked: _Asked) -> None:
    if row.status != _S.ACTIVE and not RESERVATION.allows(row.status, _S.ACTIVE):
        return
    _displace_others(row, asked)
    row.connector_number, row.id_tag = asked.connector_number, asked.id_tag
    row.parent_id_tag, row.expires_at = asked.parent_id_tag, asked.expires_at
    row.command, row.note = command, ""
    if row.status == _S.ACTIVE:
        row.save()
        publish(ReservationChanged(row.pk, row.status))
    else:
        move(row, _S.ACTIVE, at=command.answered_at or clock.now())


def _displace_others(row: Reservation, asked: _Asked) -> None:
    """A charger keeps one per connector: accepting another, it let go of the first."""
    others = Reservation.objects.filter(
        charger_id=row.charger_id,
        connector_number=asked.connector_number,
        status=_S.ACTIVE,
    ).exclude(pk=row.pk)
    for other in locked(others):
        move(other, _S.CANCELLED, reason=REPLACED % row.number, at=clock.now())


def _taken_over(command: Command, asked: _Asked) -> Reservation | None:
    """The row of a ReserveNow that was sent as a plain command: a change, or a new one.

    Only what the charger accepted becomes a row; a number of another charger's stays that one's.
    """
    known = locked(Reservation.objects.filter(number=asked.number)).first()
    if known is not None:
        return known if known.charger_id == command.charger_id else None
    if command.response_status != _ACCEPTED:
        return None
    return Reservation.objects.create(
        number=asked.number,
        charger_id=command.charger_id,
        connector_number=asked.connector_number,
        id_tag=asked.id_tag,
        parent_id_tag=asked.parent_id_tag,
        expires_at=asked.expires_at,
        created_at=command.created_at,
        created_by=command.requested_by,
        created_label=command.requested_label,
        command=command,
    )


def _refusal(command: Command) -> tuple[ReservationStatus, str]:
    if command.status == CommandStatus.ANSWERED:
        return _S.REJECTED, command.response_status or "-"
    if command.status == CommandStatus.CANCELLED:
        return _S.CANCELLED, TAKEN_BACK
    if command.status == CommandStatus.FAILED:
        return _S.FAILED, ERROR % (command.error or "-")
    return _S.FAILED, NO_ANSWER if command.status == CommandStatus.TIMED_OUT else NOT_DELIVERED


def _note(row: Reservation, text: str) -> None:
    row.note = text[:200]
    row.save(update_fields=["note"])


def _read(payload: dict[str, Any]) -> _Asked | None:
    """None for what staff insisted on and no reservation can be made of."""
    number, connector = payload.get("reservationId"), payload.get("connectorId")
    id_tag, parent = payload.get("idTag"), payload.get("parentIdTag", "")
    if not (isinstance(id_tag, str) and isinstance(parent, str) and id_tag):
        return None
    if type(number) is not int or type(connector) is not int:
        return None
    if not (0 < number < 2**31 and 0 <= connector < 2**15):
        return None
    expires_at = _moment(payload.get("expiryDate"))
    if expires_at is None:
        return None
    return _Asked(number, connector, id_tag[:20], parent[:20], expires_at)


def _moment(text: object) -> datetime | None:
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if moment is None or moment.utcoffset() is None else moment
