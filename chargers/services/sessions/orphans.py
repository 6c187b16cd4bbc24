"""The orphan queue: Stops and readings without a session, put by a person where they belong."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from chargers.models import ChargingSession, MeterReading, OrphanState, OrphanStop, SessionStatus
from chargers.selectors.orphans import readings_for
from chargers.services.sessions.ending import finish
from chargers.services.sessions.parked import hand_over, stop_of
from chargers.services.sessions.stopping import conclude
from chargers.states import ORPHAN_STOP
from chargers.store import stops
from chargers.store.readings import retell_sessions
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, NotFoundError

BY_HAND = gettext_noop("Attached by %(actor)s")


def attach_stop(
    orphan: OrphanStop, *, session: ChargingSession, actor: User, reason: str = ""
) -> ChargingSession:
    """End `session` by this Stop, as if the charger had named it.

    Raises InvalidError (a session of another charger, one that began later), ConflictError (the
    Stop is attached already; the session has ended by a Stop of its own).
    """
    with transaction.atomic():
        row = _locked(orphan)
        ORPHAN_STOP.check(row.state, OrphanState.ATTACHED)
        target = _target(session)
        if target.charger_id != row.charger_id:
            raise InvalidError(_("That session is of another charger."), field="session")
        if target.started_at > row.ended_at:
            raise InvalidError(_("That session began after this stop."), field="session")
        if target.status == SessionStatus.ENDED and target.stop_received_at is not None:
            raise ConflictError(
                _("That session has ended by a stop of its own."), code="session_ended"
            )
        note = BY_HAND % {"actor": actor.get_username()}
        ending = conclude(target, stop_of(row), note)
        if ending is not None:
            finish([ending])
        hand_over(row, target)
        _resolve(row, OrphanState.ATTACHED, f"{note}: {reason}" if reason else note, actor)
        session.refresh_from_db()
        audit.record(
            actor=actor,
            action="orphan_stop.attach",
            subject=row,
            after={"session": session.pk, "energy_wh": session.energy_wh},
            cpo=session.cpo,
            reason=reason,
        )
    return session


def dismiss_stop(orphan: OrphanStop, *, reason: str, actor: User) -> OrphanStop:
    """No session of ours belongs to it. Raises InvalidError (no reason), ConflictError."""
    if not reason.strip():
        raise InvalidError(_("Say why it is dismissed."), field="reason")
    with transaction.atomic():
        row = _locked(orphan)
        ORPHAN_STOP.check(row.state, OrphanState.DISMISSED)
        _resolve(row, OrphanState.DISMISSED, reason.strip(), actor)
        audit.record(
            actor=actor,
            action="orphan_stop.dismiss",
            subject=row,
            after={"state": row.state},
            cpo=row.charger.cpo,
            reason=reason.strip(),
        )
    return row


def attach_readings(session: ChargingSession, *, actor: User) -> int:
    """Give `session` the readings of its time and connector that belong to nobody; how many.

    An open session moves by them. An ended one keeps its energy: they are its curve. Raises
    ConflictError where there are none.
    """
    with transaction.atomic():
        target = _target(session)
        found = list(readings_for(session).values_list("pk", "measured_at"))
        if not found:
            raise ConflictError(
                _("No readings of its time are without a session."), code="no_readings"
            )
        MeterReading.objects.filter(
            pk__in=[pk for pk, _at in found],
            measured_at__gte=min(at for _pk, at in found),
            measured_at__lte=max(at for _pk, at in found),
            session_id__isnull=True,
        ).update(session_id=target.id)
        retell_sessions([target.id])
        audit.record(
            actor=actor,
            action="session.attach_readings",
            subject=session,
            after={"readings": len(found)},
            cpo=session.cpo,
        )
    session.refresh_from_db()
    return len(found)


def _target(session: ChargingSession) -> stops.SessionRow:
    rows = stops.lock_sessions([session.pk])
    if not rows:
        raise NotFoundError(_("There is no such session."))
    return rows[0]


def _locked(orphan: OrphanStop) -> OrphanStop:
    row = (
        OrphanStop.objects.select_for_update(of=("self",))
        .select_related("charger__cpo")
        .filter(pk=orphan.pk)
        .first()
    )
    if row is None:
        raise NotFoundError(_("There is no such stop."))
    return row


def _resolve(row: OrphanStop, state: OrphanState, words: str, actor: User) -> None:
    row.state, row.resolution = state, words[:300]
    row.resolved_by, row.resolved_at = actor.get_username()[:150], clock.now()
    row.save(update_fields=["session", "state", "resolution", "resolved_by", "resolved_at"])
