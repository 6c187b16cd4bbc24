"""Charging sessions as people look them up, and the curve of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from chargers.models import (
    BillingStatus,
    Charger,
    ChargingSession,
    ConnectorStatusChange,
    MeterReading,
    SessionStatus,
)
from cpo.access import Actor, visible
from cpo.models import Driver

# More points than pixels tell nothing more.
CURVE_POINTS = 240
_MOST_READINGS = 20_000
_MOST_CHANGES = 50
_MOST_NAMED = 100
# An id beyond this is no transaction of ours (int32), and PostgreSQL would refuse to compare it.
_MAX_TRANSACTION_ID = 2**31 - 1

RUNNING, ENDED, HELD = "running", "ended", "held"
_STATES = {
    RUNNING: Q(status__in=[SessionStatus.ACTIVE, SessionStatus.AWAITING_STOP]),
    ENDED: Q(status=SessionStatus.ENDED),
    HELD: Q(billing_status=BillingStatus.HELD),
}


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Power in W and state of charge in %, where the charger measured them."""

    at: datetime
    power_w: int | None
    soc_percent: int | None
    energy_wh: int | None


def sessions(
    actor: Actor,
    *,
    cpo_id: UUID | None = None,
    charger_pk: int | None = None,
    state: str = "",
    text: str = "",
) -> QuerySet[ChargingSession]:
    """Newest first. `text`: a transaction id, a tag, or part of a charger's id or driver's name."""
    rows = visible(actor, ChargingSession.objects.all())
    if cpo_id:
        rows = rows.filter(cpo_id=cpo_id)
    if charger_pk is not None:
        rows = rows.filter(charger_id=charger_pk)
    if state in _STATES:
        rows = rows.filter(_STATES[state])
    if text:
        rows = rows.filter(matching(actor, text))
    return rows.select_related(
        "cpo", "charger", "charger__location", "connector", "driver"
    ).order_by("-started_at", "-id")


def find_session(actor: Actor, transaction_id: int) -> ChargingSession | None:
    """The session that OCPP calls `transaction_id`; None if it is another's or there is none."""
    if not 1 <= transaction_id <= _MAX_TRANSACTION_ID:
        return None
    return sessions(actor).filter(transaction_id=transaction_id).first()


def curve(session: ChargingSession) -> list[CurvePoint]:
    """At most `CURVE_POINTS` readings, evenly thinned, in the order of their own times."""
    rows = list(
        MeterReading.objects.filter(session_id=session.pk)
        .order_by("measured_at")
        .values_list("measured_at", "power_w", "soc_percent", "energy_wh")[:_MOST_READINGS]
    )
    step = max(1, -(-len(rows) // CURVE_POINTS))
    return [CurvePoint(*row) for row in rows[::step]]


def status_changes(session: ChargingSession) -> QuerySet[ConnectorStatusChange]:
    """What the connector said of itself from the start to the end of the session."""
    changes = ConnectorStatusChange.objects.filter(
        charger_id=session.charger_id,
        connector_number=session.connector.number,
        reported_at__gte=session.started_at,
    )
    if session.ended_at:
        changes = changes.filter(reported_at__lte=session.ended_at)
    return changes.order_by("reported_at", "id")[:_MOST_CHANGES]


def matching(actor: Actor, text: str) -> Q:
    """Sessions by a transaction id, a tag, or part of a charger's id or driver's name.

    Each part can be looked up by an index: nobody waits for a scan of all sessions.
    """
    found = (
        _named(visible(actor, Charger.objects.filter(identity__icontains=text)), "charger")
        | _named(Driver.objects.filter(name__icontains=text), "driver")
        | Q(id_tag__lower=text.lower())
    )
    number = text.removeprefix("#")
    if number.isascii() and number.isdecimal() and int(number) <= _MAX_TRANSACTION_ID:
        found |= Q(transaction_id=int(number))
    return found


def _named(rows: QuerySet[Any], column: str) -> Q:
    """Few are named one by one; of many, the newest sessions soon have enough."""
    few = list(rows.order_by().values_list("pk", flat=True)[: _MOST_NAMED + 1])
    return Q(**{f"{column}__in": few if len(few) <= _MOST_NAMED else rows.order_by().values("pk")})
