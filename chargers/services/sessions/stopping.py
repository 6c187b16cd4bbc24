"""StopTransaction (OCPP 1.6 §4.10): always answered, ends a session once."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from chargers.models import BillingStatus, SessionStatus
from chargers.services.authorization import id_tag_info, judge
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
        row = named or _resolve(item)
        if row is None:
            stops.keep_orphan(item)
        elif _is_open_to(row, item):
            endings.append(settle_stop(row, item.stop, item.received_at))
        readings.append(_readings(item, row))
        tag = item.stop.id_tag
        answers.append(id_tag_info(token, judge(token, item.received_at)) if tag else None)
    finish(endings)
    write_readings(readings)
    return answers


def _resolve(item: StopOf) -> SessionRow | None:
    return match_stop(item.stop, stops.candidates(item.charger_pk, item.stop.ended_at))


def _is_open_to(row: SessionRow, item: StopOf) -> bool:
    """Whether this Stop may still end the session.

    The first Stop is kept. An end that we made up ourselves, because none came, gives way to
    the charger's own as long as nobody was billed by it.
    """
    if row.status != SessionStatus.ENDED:
        return True
    if row.stop_received_at is None and row.billing_status != BillingStatus.BILLED:
        return True
    stop = item.stop
    if (row.ended_at, row.meter_stop_wh) != (stop.ended_at, stop.meter_stop_wh):
        logger.warning(
            "Another Stop for transaction %d: ended %s at %s Wh, now said to be %s at %d Wh",
            row.transaction_id,
            row.ended_at,
            row.meter_stop_wh,
            stop.ended_at,
            stop.meter_stop_wh,
        )
    return False


def _readings(item: StopOf, row: SessionRow | None) -> ReadingsOf:
    return ReadingsOf(
        charger_pk=item.charger_pk,
        connector_number=row.connector_number if row else 0,
        transaction_id=row.transaction_id if row else item.stop.transaction_id,
        received_at=item.received_at,
        readings=item.stop.readings,
        session_id=row.id if row else None,
    )
