"""StopTransaction (OCPP 1.6 §4.10): always answered, ends a session once."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from chargers.models import BillingStatus, SessionStatus
from chargers.services.authorization import id_tag_info, judge
from chargers.services.sessions.correcting import correct_session
from chargers.services.sessions.ending import finish, settle_stop
from chargers.services.sessions.matching import match_stop
from chargers.store import stops
from chargers.store.readings import ReadingsOf, write_readings
from chargers.store.stops import Ending, SessionRow, StopOf
from chargers.store.work import IdTagInfo

logger = logging.getLogger(__name__)


def stop_sessions(items: Sequence[StopOf]) -> list[IdTagInfo | None]:
    """End the session each Stop means; the answer to each, in order.

    At most one Stop per charger. A Stop that comes again changes nothing. One that no session is
    found for is kept: its Start may still be on its way.
    """
    endings: list[Ending] = []
    readings: list[ReadingsOf] = []
    answers: list[IdTagInfo | None] = []
    for item, (named, token) in zip(items, stops.find(items), strict=True):
        row, how = (named, "") if named else _resolve(item, token.group if token else "")
        if row is None:
            stops.keep_orphan(item)
        else:
            ending = conclude(row, item, how)
            if ending is not None:
                endings.append(ending)
        readings.append(_readings(item, row))
        tag = item.stop.id_tag
        answers.append(id_tag_info(token, judge(token, item.received_at)) if tag else None)
    finish(endings)
    write_readings(readings)
    return answers


def conclude(row: SessionRow, item: StopOf, how: str) -> Ending | None:
    """What this Stop makes of its session: an ending to finish, or None where that is done.

    The first Stop is kept; another one that says otherwise is recorded beside it. An end that we
    made up ourselves, because none came, gives way to the charger's own: before the bill like any
    other end, after the bill as a correction, and never against what a person wrote off.
    """
    if row.status == SessionStatus.ENDED and row.stop_received_at is not None:
        if is_other_end(row, item):
            _contradict(row, item)
        return None
    ending = settle_stop(row, item.stop, item.received_at, how)
    if row.billing_status == BillingStatus.BILLED:
        correct_session(row, ending)
        return None
    return ending


def is_other_end(row: SessionRow, item: StopOf) -> bool:
    ended_at = max(item.stop.ended_at, row.started_at)
    return (row.ended_at, row.meter_stop_wh) != (ended_at, item.stop.meter_stop_wh)


def _contradict(row: SessionRow, item: StopOf) -> None:
    logger.warning(
        "Another Stop for transaction %d: ended %s at %s Wh, now said to be %s at %d Wh",
        row.transaction_id,
        row.ended_at,
        row.meter_stop_wh,
        item.stop.ended_at,
        item.stop.meter_stop_wh,
    )
    stops.keep_orphan(item, contradicts=row.id)


def _resolve(item: StopOf, group: str) -> tuple[SessionRow | None, str]:
    return match_stop(item.stop, stops.candidates(item.charger_pk, item.stop.ended_at), group)


def _readings(item: StopOf, row: SessionRow | None) -> ReadingsOf:
    return ReadingsOf(
        charger_pk=item.charger_pk,
        connector_number=row.connector_number if row else 0,
        transaction_id=row.transaction_id if row else item.stop.transaction_id,
        received_at=item.received_at,
        readings=item.stop.readings,
        session_id=row.id if row else None,
    )
