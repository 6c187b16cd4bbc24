"""Closing a session by hand: it books, and says nothing to the charger (that is RemoteStop)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from chargers.models import ChargingSession, SessionStatus
from chargers.services.sessions.ending import finish, settle_without_stop
from chargers.services.sessions.matching import most_until
from chargers.store import stops
from chargers.store.stops import SessionRow
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, NotFoundError

STOP_REASON: Final = "Closed"
BY_READING: Final = gettext_noop("closed by %(actor)s, energy of the latest reading")
BY_PERSON: Final = gettext_noop("closed by %(actor)s, meter given by hand")


def close_session(
    session: ChargingSession,
    *,
    reason: str,
    actor: User,
    meter_wh: int | None = None,
    ended_at: datetime | None = None,
) -> ChargingSession:
    """End a session whose Stop does not come; it is billed like any other.

    Energy is that of its latest plausible reading, or up to `meter_wh` (register, Wh). It ended at
    `ended_at`, or with its latest reading. The charger's own Stop still replaces all of it.
    Raises InvalidError (no reason; a meter or an end that cannot be), ConflictError (ended).
    """
    if not reason.strip():
        raise InvalidError(_("Say why it is closed."), field="reason")
    now = clock.now()
    with transaction.atomic():
        rows = stops.lock_sessions([session.pk])
        if not rows:
            raise NotFoundError(_("There is no such session."))
        row = rows[0]
        if row.status == SessionStatus.ENDED:
            raise ConflictError(_("This session has ended already."), code="session_ended")
        end = ended_at or min(session.last_reading_at or row.started_at, now)
        _check_end(row, end if ended_at else max(end, row.started_at), now)
        energy_wh = row.energy_wh if meter_wh is None else _gained(row, meter_wh, now)
        source = BY_READING if meter_wh is None else BY_PERSON
        note = f"{reason.strip()} ({source % {'actor': actor.get_username()}})"
        ending = settle_without_stop(
            row, ended_at=end, reason=STOP_REASON, note=note, energy_wh=energy_wh
        )
        finish([ending])
        session.refresh_from_db()
        audit.record(
            actor=actor,
            action="session.close",
            subject=session,
            before={"status": row.status, "energy_wh": row.energy_wh},
            after={
                "status": session.status,
                "energy_wh": session.energy_wh,
                "ended_at": session.ended_at,
                "meter_given": meter_wh is not None,
            },
            cpo=session.cpo,
            reason=reason.strip(),
        )
    return session


def _check_end(row: SessionRow, ended_at: datetime, now: datetime) -> None:
    if ended_at < row.started_at:
        raise InvalidError(_("It cannot end before it began."), field="ended_at")
    if ended_at > now:
        raise InvalidError(_("It cannot have ended in the future."), field="ended_at")


def _gained(row: SessionRow, meter_wh: int, now: datetime) -> int:
    gained = meter_wh - row.meter_start_wh
    if gained < 0:
        detail = _("The meter stood at %(wh)d Wh when it began; it cannot be less now.")
        raise InvalidError(detail % {"wh": row.meter_start_wh}, field="meter_wh")
    most = most_until(row, now, now)
    if gained > most:
        detail = _("The connector cannot have given more than %(wh)d Wh in the time.")
        raise InvalidError(detail % {"wh": most}, field="meter_wh")
    return gained
