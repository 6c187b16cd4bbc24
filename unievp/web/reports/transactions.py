"""Every charging session of a time, as a table: the report that bookkeeping asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from chargers.models import ChargingSession
from chargers.selectors.totals import sessions_of
from cpo.access import Actor
from unievp.lib.tables import Cell

COLUMNS: Final = (
    "transaction_id",
    "session_id",
    "cpo",
    "location",
    "time_zone",
    "charger_id",
    "connector_id",
    "id_tag",
    "driver",
    "status",
    "started_at",
    "ended_at",
    "duration_min",
    "energy_kwh",
    "cost",
    "currency",
    "billing_status",
    "net",
    "tax",
    "platform_fee",
    "cpo_share",
    "stop_reason",
)
_PAGE: Final = 1000
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`since` ≤ start < `until`. `zone` None: each location's own."""

    since: datetime | None = None
    until: datetime | None = None
    cpo_id: UUID | None = None
    charger_id: str = ""
    status: str = ""
    zone: ZoneInfo | None = None


def transactions(actor: Actor, wanted: Wanted) -> Iterator[tuple[Cell, ...]]:
    """Oldest first. Paged by key, so that no cursor is open and nothing is read twice."""
    rows = _rows(actor, wanted)
    after: tuple[datetime, int] | None = None
    while page := list(_beyond(rows, after)[:_PAGE]):
        for session in page:
            yield _line(session, wanted.zone)
        after = (page[-1].started_at, page[-1].pk)


def _rows(actor: Actor, wanted: Wanted) -> QuerySet[ChargingSession]:
    rows = sessions_of(actor, wanted.cpo_id)
    if wanted.since:
        rows = rows.filter(started_at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(started_at__lt=wanted.until)
    if wanted.charger_id:
        rows = rows.filter(charger__identity__iexact=wanted.charger_id)
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    parts = ("cpo", "charger__location", "connector", "driver", "bill")
    return rows.select_related(*parts).order_by("started_at", "pk")


def _beyond(
    rows: QuerySet[ChargingSession], after: tuple[datetime, int] | None
) -> QuerySet[ChargingSession]:
    if after is None:
        return rows
    at, pk = after
    # The first condition lets the index begin there.
    return rows.filter(Q(started_at__gt=at) | Q(started_at=at, pk__gt=pk), started_at__gte=at)


def _line(session: ChargingSession, zone: ZoneInfo | None) -> tuple[Cell, ...]:
    location = session.charger.location
    place = zone or ZoneInfo(location.time_zone)
    begin, end = session.started_at, session.ended_at
    bill = getattr(session, "bill", None)
    return (
        session.transaction_id,
        session.pk,
        session.cpo.name,
        location.name,
        str(place),
        session.charger.identity,
        session.connector.number,
        session.id_tag,
        session.driver.name if session.driver else None,
        session.status,
        begin.astimezone(place),
        end.astimezone(place) if end else None,
        (end - begin) // _MINUTE if end else None,
        Decimal(session.energy_wh) / 1000,
        session.cost,
        session.currency,
        session.billing_status,
        bill.net if bill else None,
        bill.tax if bill else None,
        bill.platform_fee if bill else None,
        bill.cpo_share if bill else None,
        session.stop_reason,
    )
