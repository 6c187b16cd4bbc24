"""A session that starts on a reserved connector: it uses the reservation, or is somebody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chargers.models import (
    AuthorizationStatus,
    Charger,
    ChargingSession,
    Reservation,
    ReservationStatus,
    SessionStatusChange,
)
from chargers.selectors.reservations import held_reservation, is_for
from chargers.services.reservations.ends import locked, move
from chargers.states import RESERVATION
from chargers.store.tokens import find_tokens
from unievp.lib import clock
from unievp.lib.errors import ConflictError

# A charger's clock may be this much behind ours when it says that it started.
CLOCK_BEHIND: Final = timedelta(minutes=5)

OTHER_TAG: Final = gettext_noop("Session %s was started here with another id tag")
RESERVED_HERE: Final = gettext_noop("Its connector was reserved for another id tag")
_USED: Final = ReservationStatus.USED


def use_reservation(session_id: int, *, group: str, number: int | None) -> None:
    """The reservation that this new session uses, if it does: only an accepted start does.

    `number` is the one the charger named, which decides; else it is the session's tag or `group`
    on its connector. A charger that let another tag start has decided so: that is only noted.
    """
    session = ChargingSession.objects.select_related("connector").get(pk=session_id)
    if session.authorization != AuthorizationStatus.ACCEPTED:
        return
    rows = _candidates(session, number)
    named = [row for row in rows if row.number == number]
    row = next(iter(named), None) or _fitting(rows, session, group)
    if row is not None:
        row.session, row.note = session, ""
        move(row, _USED, at=session.started_at)
        return
    for other in rows:
        if other.connector_number == session.connector.number:
            _note_other(other, session)


def check_not_reserved(charger: Charger, *, connector_number: int | None, id_tag: str) -> None:
    """Raises ConflictError where a remote start would meet somebody else's reservation."""
    if connector_number is None:
        return
    held = held_reservation(charger.pk, connector_number, clock.now())
    if held is None:
        return
    (token,) = find_tokens([(charger.pk, id_tag)])
    if not is_for(held, id_tag=id_tag, group=token.group if token else ""):
        raise ConflictError(
            _("Connector %(number)s is reserved for another id tag until %(time)s.")
            % {"number": connector_number, "time": clock.isoformat_z(held.expires_at)},
            code="connector_reserved",
        )


def check_command(charger: Charger, action: str, payload: dict[str, Any]) -> None:
    """`check_not_reserved` of a RemoteStartTransaction that is sent as a plain command."""
    number, id_tag = payload.get("connectorId"), payload.get("idTag")
    if action == "RemoteStartTransaction" and type(number) is int and isinstance(id_tag, str):
        check_not_reserved(charger, connector_number=number, id_tag=id_tag)


def _candidates(session: ChargingSession, number: int | None) -> list[Reservation]:
    """Those in force at its start, its own connector's first; and the one the charger named."""
    in_force = Q(
        status=ReservationStatus.ACTIVE,
        connector_number__in=(0, session.connector.number),
        started_at__lte=session.started_at + CLOCK_BEHIND,
        expires_at__gt=session.started_at,
    )
    named = Q(number=number, status__in=RESERVATION.sources(_USED), session=None)
    which = in_force if number is None else in_force | named
    rows = locked(Reservation.objects.filter(which, charger_id=session.charger_id))
    return sorted(rows, key=lambda row: (-row.connector_number, row.pk))


def _fitting(rows: list[Reservation], session: ChargingSession, group: str) -> Reservation | None:
    fitting = (row for row in rows if is_for(row, id_tag=session.id_tag, group=group))
    return next(fitting, None)


def _note_other(row: Reservation, session: ChargingSession) -> None:
    row.note = OTHER_TAG % session.transaction_id
    row.save(update_fields=["note"])
    SessionStatusChange.objects.create(
        session=session, at=clock.now(), status=session.status, reason=RESERVED_HERE
    )
