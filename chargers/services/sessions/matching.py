"""Which session a StopTransaction without a usable transaction id means, and the other way round.

A charger that never got an answer to its StartTransaction sends -1, and "the CS SHALL respond as if
these messages refer to a valid transactionId" (OCPP 1.6 errata 3.18). Others send 0 or a number of
their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chargers.models import SessionStatus
from chargers.store.plausible import TOLERANCE_WH, most_wh
from chargers.store.stops import SessionRow
from chargers.store.work import StopTransaction

if TYPE_CHECKING:
    from chargers.models import OrphanStop
    from chargers.store.starts import StartOf

# An orphan that ended longer before its Start arrived is somebody else's.
ORPHAN_WAITS: Final = timedelta(days=14)

BY_TAG: Final = "Transaction id {} was matched by its id tag"
BY_GROUP: Final = "Transaction id {} was matched by the group of its id tag"
ONLY_ONE: Final = "Transaction id {} was matched to the only open session"


def match_stop(
    stop: StopTransaction, candidates: Iterable[SessionRow], group: str = ""
) -> tuple[SessionRow | None, str]:
    """The session that `stop` ends or has ended, among those of its charger, and how it was found.

    The same Stop sent again finds the session it ended. Otherwise it is the latest session without
    a Stop that began before it, has its tag (or one of its tag's `group`) and a meter that it can
    follow. For -1 and 0 without a tag the only open session will do; a tag of somebody else, or a
    number that we never gave, is never taken for the last one that is open.
    """
    rows = list(candidates)
    again = [row for row in rows if _is_ended_by(row, stop)]
    if again:
        return again[0], ""
    waiting = [
        row for row in rows if row.stop_received_at is None and row.started_at <= stop.ended_at
    ]
    tag = stop.id_tag.casefold()
    if tag:
        same_tag = [row for row in waiting if row.id_tag.casefold() == tag]
        if same_tag:
            return _latest(same_tag, stop), BY_TAG.format(stop.transaction_id)
        same_group = [row for row in waiting if group and row.group == group]
        if same_group:
            return _latest(same_group, stop), BY_GROUP.format(stop.transaction_id)
        return None, ""
    open_ones = [row for row in waiting if row.status != SessionStatus.ENDED]
    if stop.transaction_id <= 0 and len(open_ones) == 1 and fits_meter(open_ones[0], stop):
        return open_ones[0], ONLY_ONE.format(stop.transaction_id)
    return None, ""


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


def fits_meter(row: SessionRow, stop: StopTransaction) -> bool:
    """Whether the session's register can have come to the one at the stop."""
    gained = stop.meter_stop_wh - row.meter_start_wh
    return -TOLERANCE_WH <= gained <= most_until(row, stop.ended_at, stop.ended_at)


def most_until(row: SessionRow, ended_at: datetime, received_at: datetime) -> int:
    return most_wh(
        row.max_power_w,
        started_at=row.started_at,
        start_received_at=row.start_received_at,
        until=ended_at,
        received_at=received_at,
    )


def _latest(rows: list[SessionRow], stop: StopTransaction) -> SessionRow:
    """Open ones first, then those whose meter fits, then the latest."""
    return max(
        rows,
        key=lambda row: (
            row.status != SessionStatus.ENDED,
            fits_meter(row, stop),
            row.started_at,
            row.id,
        ),
    )


def _is_ended_by(row: SessionRow, stop: StopTransaction) -> bool:
    return (
        row.status == SessionStatus.ENDED
        and row.stop_received_at is not None
        and row.ended_at == max(stop.ended_at, row.started_at)
        and row.meter_stop_wh == stop.meter_stop_wh
        and row.stop_id_tag.casefold() == stop.id_tag[:255].casefold()
    )
