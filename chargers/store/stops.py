"""SQL of StopTransaction for a whole batch: find and lock the sessions, then end them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from chargers.models import OrphanState
from chargers.store import sql
from chargers.store.tokens import PRESENTED_COLUMNS, PRESENTED_JOIN, TokenRow, token_of
from chargers.store.work import StopTransaction


@dataclass(frozen=True, slots=True)
class StopOf:
    charger_pk: int
    received_at: datetime
    stop: StopTransaction


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as ending it needs it; its row is locked."""

    id: int
    transaction_id: int
    charger_id: int
    connector_number: int
    id_tag: str
    status: str
    authorization: str
    has_tariff: bool
    billing_status: str
    started_at: datetime
    start_received_at: datetime
    ended_at: datetime | None
    stop_received_at: datetime | None
    meter_start_wh: int
    meter_stop_wh: int | None
    energy_wh: int
    interval_energy_wh: int  # the part of it that intervals summed up to
    max_power_w: int  # of the connector; 0: unknown
    stop_id_tag: str
    group: str  # of the token that started it


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ends. `meter_stop_wh` as reported; `energy_wh` is what counts."""

    session_id: int
    ended_at: datetime
    received_at: datetime | None  # None: no Stop ever came
    reason: str
    id_tag: str
    meter_stop_wh: int | None
    energy_wh: int
    billing_status: str
    hold_reason: str
    note: str


_SESSION_COLUMNS: Final = """
    session.id, session.transaction_id, session.charger_id, connector.number, session.id_tag,
    session.status, session."authorization", session.tariff_snapshot IS NOT NULL AS has_tariff,
    session.billing_status, session.started_at, session.start_received_at, session.ended_at,
    session.stop_received_at, session.meter_start_wh, session.meter_stop_wh, session.energy_wh,
    session.interval_energy_wh, connector.max_power_w, session.stop_id_tag,
    coalesce((
        SELECT token."group" FROM chargers_idtoken AS token WHERE token.id = session.id_token_id
    ), '') AS "group"
"""

_FIND = f"""
WITH item AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS item(
        n integer, charger_id bigint, transaction_id bigint, id_tag text
    )
), found AS (
    SELECT item.n, {_SESSION_COLUMNS}
    FROM item
    JOIN chargers_chargingsession AS session
        ON session.transaction_id = item.transaction_id AND session.charger_id = item.charger_id
    JOIN chargers_connector AS connector ON connector.id = session.connector_id
    ORDER BY session.id
    FOR NO KEY UPDATE OF session
)
SELECT item.n, {PRESENTED_COLUMNS}, found.*
FROM item
JOIN chargers_charger AS charger ON charger.id = item.charger_id
LEFT JOIN found ON found.n = item.n
{PRESENTED_JOIN}
"""

# For a Stop without a usable id: every session it might mean, among them the one it ended before,
# and those that we ended because no Stop came.
_CANDIDATES = f"""
SELECT {_SESSION_COLUMNS}
FROM chargers_chargingsession AS session
JOIN chargers_connector AS connector ON connector.id = session.connector_id
WHERE session.charger_id = %s AND (
    session.status <> 'ended'
    OR session.ended_at = %s
    OR session.stop_received_at IS NULL AND session.started_at > %s - interval '30 days'
)
ORDER BY session.id
FOR NO KEY UPDATE OF session
"""

_BY_ID = f"""
SELECT {_SESSION_COLUMNS}
FROM chargers_chargingsession AS session
JOIN chargers_connector AS connector ON connector.id = session.connector_id
WHERE session.id = ANY(%s)
ORDER BY session.id
FOR NO KEY UPDATE OF session
"""

_END = """
WITH item AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS item(
        session_id bigint, ended_at timestamptz, received_at timestamptz, reason text, id_tag text,
        meter_stop_wh bigint, energy_wh bigint, billing_status text, hold_reason text, note text
    ) ORDER BY session_id
), told AS (
    INSERT INTO chargers_sessionstatuschange (session_id, at, status, reason)
    SELECT session_id, now(), 'ended', note FROM item
)
UPDATE chargers_chargingsession AS session SET
    status = 'ended',
    ended_at = item.ended_at,
    stop_received_at = item.received_at,
    stop_reason = item.reason,
    stop_id_tag = item.id_tag,
    meter_stop_wh = item.meter_stop_wh,
    meter_last_wh = greatest(session.meter_last_wh, session.meter_start_wh + item.energy_wh),
    energy_wh = item.energy_wh,
    power_w = 0,
    billing_status = item.billing_status,
    hold_reason = item.hold_reason
FROM item
WHERE session.id = item.session_id
"""

_ORPHAN = """
INSERT INTO chargers_orphanstop (
    charger_id, transaction_id, id_tag, meter_stop_wh, ended_at, received_at, reason, state,
    session_id
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""


def find(stops: Sequence[StopOf]) -> list[tuple[SessionRow | None, TokenRow | None]]:
    """The session each Stop names (of its own charger only) and the tag it presents, in order."""
    document = [
        {
            "n": n,
            "charger_id": item.charger_pk,
            "transaction_id": sql.clip_transaction_id(item.stop.transaction_id),
            "id_tag": item.stop.id_tag,
        }
        for n, item in enumerate(stops)
    ]
    rows = {
        row[0]: (None if row[6] is None else SessionRow(*row[7:]), token_of(row[1:6]))
        for row in sql.run(_FIND, document)
    }
    return [rows[n] for n in range(len(stops))]


def candidates(charger_pk: int, ended_at: datetime) -> list[SessionRow]:
    """Locked, in id order."""
    return _rows(_CANDIDATES, [charger_pk, ended_at, ended_at])


def lock_sessions(session_ids: list[int]) -> list[SessionRow]:
    return _rows(_BY_ID, [session_ids])


def end(endings: Sequence[Ending]) -> None:
    """Write the endings; the caller holds the rows."""
    if endings:
        sql.run(_END, [_document(ending) for ending in endings])


def keep_orphan(item: StopOf, *, contradicts: int | None = None) -> None:
    """A Stop that ended nothing, kept once; `contradicts`: the session that another one ended."""
    stop = item.stop
    state = OrphanState.WAITING if contradicts is None else OrphanState.CONTRADICTS
    values: list[Any] = [
        item.charger_pk,
        sql.clip_transaction_id(stop.transaction_id),
        stop.id_tag[:255],
        stop.meter_stop_wh,
        stop.ended_at,
        item.received_at,
        stop.reason[:32],
        state.value,
        contradicts,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ORPHAN, values)


def _rows(statement: str, params: list[Any]) -> list[SessionRow]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [SessionRow(*row) for row in cursor.fetchall()]


def _document(ending: Ending) -> dict[str, Any]:
    return {
        "session_id": ending.session_id,
        "ended_at": ending.ended_at,
        "received_at": ending.received_at,
        "reason": ending.reason[:32],
        "id_tag": ending.id_tag[:255],
        "meter_stop_wh": ending.meter_stop_wh,
        "energy_wh": ending.energy_wh,
        "billing_status": ending.billing_status,
        "hold_reason": ending.hold_reason[:200],
        "note": ending.note[:200],
    }
