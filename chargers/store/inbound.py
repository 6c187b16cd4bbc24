"""What chargers say, into the database: one transaction for a batch of messages of many chargers.

The kinds are written one after the other in a fixed order, and each locks its rows in id order, so
that two processes never wait for each other in a circle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from django.db import transaction

from chargers.live import readings_moved
from chargers.services.authorization import authorize_tags
from chargers.services.certificates.requests import take_requests
from chargers.services.firmware import reports as firmware_reports
from chargers.services.logs import reports as log_reports
from chargers.services.security.events import store_notices
from chargers.services.sessions import start_sessions, stop_sessions
from chargers.store.arrivals import settle_arrivals
from chargers.store.boot import BootOf, write_boots
from chargers.store.frames import FrameRow, append_frames
from chargers.store.presence import mark_seen
from chargers.store.readings import ReadingsOf, write_readings
from chargers.store.sightings import Sighting, record_sightings
from chargers.store.starts import StartOf
from chargers.store.status import StatusOf, write_statuses
from chargers.store.stops import StopOf
from chargers.store.work import (
    Authorize,
    Boot,
    CertificateRequest,
    FirmwareReport,
    Inbound,
    LogReport,
    MeterValues,
    SecurityNotice,
    StartTransaction,
    StatusReport,
    StopTransaction,
)
from unievp.lib import clock


def write(batch: list[Inbound]) -> list[str | Exception]:
    """Store every message of `batch` and make its answer, in order; the caller commits, then sends.

    At most one message per charger (`GroupCommit` sees to that). Raises when any of them fails:
    then each is written again alone, and only the poisoned one fails.
    """
    by_kind: defaultdict[type, list[int]] = defaultdict(list)
    for position, item in enumerate(batch):
        by_kind[type(item.work)].append(position)
    results: list[Any] = [None] * len(batch)
    with transaction.atomic(savepoint=False):
        settle_arrivals(batch)
        for kind, writer in _WRITERS.items():
            positions = by_kind.get(kind)
            if positions:
                answers = writer([(batch[n], batch[n].work) for n in positions])
                for position, answer in zip(positions, answers, strict=True):
                    results[position] = answer
        _note_tags(batch, results)
        texts = [item.render(result) for item, result in zip(batch, results, strict=True)]
        _append_frames(batch, texts)
        mark_seen((item.charger_pk, item.received_at) for item in batch)
    return list(texts)


def _note_tags(batch: list[Inbound], results: list[Any]) -> None:
    """Tags that were presented, with the verdicts they got."""
    seen: list[Sighting] = []
    for item, result in zip(batch, results, strict=True):
        if isinstance(item.work, Authorize):
            verdict = result.status
        elif isinstance(item.work, StartTransaction):
            verdict = result.id_tag_info.status
        else:
            continue
        seen.append(Sighting(item.charger_pk, item.work.id_tag, item.received_at, verdict))
    record_sightings(seen)


def _append_frames(batch: list[Inbound], texts: list[str]) -> None:
    now = clock.now()
    append_frames(
        [
            FrameRow(
                charger_pk=item.charger_pk,
                at=item.received_at,
                direction="in",
                message_id=item.message_id,
                action=item.action,
                request=item.request,
                response=text,
                latency_us=_microseconds(now - item.received_at),
                outcome=item.outcome,
            )
            for item, text in zip(batch, texts, strict=True)
            if item.log_frame
        ]
    )


def _microseconds(latency: timedelta) -> int:
    """32 bits hold 35 minutes; a message that waited longer for the database has waited enough."""
    return max(0, min(round(latency.total_seconds() * 1_000_000), 2**31 - 1))


# The table of writers picks the items by the kind of their work, so each work is of that kind.
_Items = Sequence[tuple[Inbound, Any]]
_Writer = Callable[[_Items], Sequence[Any]]


def _boots(items: _Items) -> Sequence[Any]:
    return write_boots([BootOf(item.charger_pk, item.received_at, work) for item, work in items])


def _statuses(items: _Items) -> Sequence[Any]:
    write_statuses([StatusOf(item.charger_pk, item.received_at, work) for item, work in items])
    return [None] * len(items)


def _starts(items: _Items) -> Sequence[Any]:
    return start_sessions(
        [StartOf(item.charger_pk, item.received_at, work) for item, work in items]
    )


def _meter_values(items: _Items) -> Sequence[Any]:
    moved = write_readings(
        ReadingsOf(
            item.charger_pk,
            work.connector_number,
            work.transaction_id,
            item.received_at,
            work.readings,
        )
        for item, work in items
    )
    readings_moved((row.cpo_id, row.charger_id) for row in moved)
    return [None] * len(items)


def _stops(items: _Items) -> Sequence[Any]:
    return stop_sessions([StopOf(item.charger_pk, item.received_at, work) for item, work in items])


def _authorizations(items: _Items) -> Sequence[Any]:
    presented = [(item.charger_pk, work.id_tag) for item, work in items]
    return authorize_tags(presented, at=clock.now())


def _firmware_reports(items: _Items) -> Sequence[Any]:
    firmware_reports.apply_reports(
        (item.charger_pk, item.received_at, work) for item, work in items
    )
    return [None] * len(items)


def _log_reports(items: _Items) -> Sequence[Any]:
    log_reports.apply_reports((item.charger_pk, item.received_at, work) for item, work in items)
    return [None] * len(items)


def _security_notices(items: _Items) -> Sequence[Any]:
    store_notices((item.charger_pk, item.received_at, work) for item, work in items)
    return [None] * len(items)


def _certificate_requests(items: _Items) -> Sequence[Any]:
    return take_requests([(item.charger_pk, item.received_at, work) for item, work in items])


# The order of writing. Heartbeats and messages that are only logged have nothing of their own.
_WRITERS: Final[dict[type, _Writer]] = {
    Boot: _boots,
    StatusReport: _statuses,
    StartTransaction: _starts,
    MeterValues: _meter_values,
    StopTransaction: _stops,
    Authorize: _authorizations,
    FirmwareReport: _firmware_reports,
    LogReport: _log_reports,
    SecurityNotice: _security_notices,
    CertificateRequest: _certificate_requests,
}
