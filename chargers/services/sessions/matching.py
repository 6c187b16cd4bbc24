"""Which session a StopTransaction without a usable transaction id means, and the other way round.

A charger that never got an answer to its StartTransaction sends -1, and "the CS SHALL respond as if
these messages refer to a valid transactionId" (OCPP 1.6 errata 3.18). Others send 0 or a number of
their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from chargers.models import SessionStatus
from chargers.store.stops import SessionRow
from chargers.store.work import StopTransaction

if TYPE_CHECKING:
    from chargers.models import OrphanStop
    from chargers.store.starts import StartOf

# An orphan that ended longer before its Start arrived is somebody else's.
ORPHAN_WAITS: Final = timedelta(days=14)


def match_stop(stop: StopTransaction, candidates: Iterable[SessionRow]) -> SessionRow | None:
    """The session that `stop` ends or has ended, among those of its charger.

    The same Stop sent again finds the session it ended. Otherwise it is the latest open session
    with its tag that began before it. For -1 and 0 the only open session will do, since a Stop may
    carry no tag or another one of the group; a number that we never gave is trusted less.
    """
    rows = list(candidates)
    again = [row for row in rows if _is_ended_by(row, stop)]
    if again:
        return again[0]
    started = [
        row for row in rows if row.status != SessionStatus.ENDED and row.started_at <= stop.ended_at
    ]
    tag = stop.id_tag.casefold()
    same_tag = [row for row in started if tag and row.id_tag.casefold() == tag]
    if same_tag:
        return max(same_tag, key=lambda row: (row.started_at, row.id))
    if stop.transaction_id <= 0 and len(started) == 1:
        return started[0]
    return None


def match_orphan(start: StartOf, orphans: Iterable[OrphanStop]) -> OrphanStop | None:
    """The Stop that overtook this Start, if one did: the earliest that fits."""
    began, tag = start.start.started_at, start.start.id_tag.casefold()
    fitting = [
        orphan
        for orphan in orphans
        if orphan.charger_id == start.charger_pk
        and orphan.id_tag.casefold() in ("", tag)
        and began <= orphan.ended_at <= began + ORPHAN_WAITS
        and orphan.meter_stop_wh >= start.start.meter_start_wh
    ]
    return min(fitting, key=lambda orphan: (orphan.ended_at, orphan.pk), default=None)


def _is_ended_by(row: SessionRow, stop: StopTransaction) -> bool:
    return (
        row.status == SessionStatus.ENDED
        and row.stop_received_at is not None
        and row.ended_at == stop.ended_at
        and row.meter_stop_wh == stop.meter_stop_wh
    )
