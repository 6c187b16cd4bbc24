"""A parked Stop as the message it was, and what it brought along."""

from __future__ import annotations

from chargers.models import MeterReading, OrphanStop
from chargers.store.stops import SessionRow, StopOf
from chargers.store.work import StopTransaction


def stop_of(orphan: OrphanStop) -> StopOf:
    stop = StopTransaction(
        transaction_id=orphan.transaction_id,
        meter_stop_wh=orphan.meter_stop_wh,
        ended_at=orphan.ended_at,
        reason=orphan.reason,
        id_tag=orphan.id_tag,
    )
    return StopOf(orphan.charger_id, orphan.received_at, stop)


def hand_over(orphan: OrphanStop, row: SessionRow) -> None:
    """Its session is `row`, and so its readings are; the caller saves the orphan.

    They are named as the same Stop sent again would name them: so they are stored once.
    """
    orphan.session_id = row.id
    MeterReading.objects.filter(
        charger_id=orphan.charger_id,
        session_id__isnull=True,
        connector_number=0,
        transaction_id=orphan.transaction_id,
        received_at=orphan.received_at,
    ).update(
        session_id=row.id,
        connector_number=row.connector_number,
        transaction_id=row.transaction_id,
    )
