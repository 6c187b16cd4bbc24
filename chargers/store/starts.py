"""SQL of StartTransaction for a whole batch, at most one start per charger.

In this order: `lock` (connectors, then tokens), `read_contexts`, `set_aside`, `insert`. Each is one
statement; each sees what the one before it wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection

from chargers.store import sql
from chargers.store.tariffs import level_sql, pbjt_sql
from chargers.store.tokens import PRESENTED_COLUMNS, PRESENTED_JOIN, TokenRow, token_of
from chargers.store.work import StartTransaction


@dataclass(frozen=True, slots=True)
class StartOf:
    charger_pk: int
    received_at: datetime
    start: StartTransaction


@dataclass(frozen=True, slots=True)
class StartContext:
    """What the database knows around a start."""

    token: TokenRow | None
    cpo_id: UUID
    cpo_status: str
    time_zone: str
    connector_id: int
    stored_session_id: int | None  # of the same start, sent before
    stored_transaction_id: int | None
    stored_authorization: str | None
    active_id: int | None  # the session that charges at this connector
    active_started_at: datetime | None
    active_authorization: str | None
    template_id: int | None  # of the tariff that holds here and now
    pbjt_percent: Decimal  # what the location adds to energy
    has_orphans: bool
    has_remote_start: bool  # somebody asked this charger to start, and nothing has yet
    has_reservation: bool  # one of this charger's connectors is reserved
    in_use: int  # sessions that run on this token at other connectors
    most_at_once: int | None  # of them and this one; None: any number


@dataclass(frozen=True, slots=True)
class NewSession:
    cpo_id: UUID
    charger_pk: int
    connector_id: int
    id_tag: str
    id_token_id: int | None
    driver_id: UUID | None
    authorization: str
    status: str
    started_at: datetime
    received_at: datetime
    meter_start_wh: int
    reservation_id: int | None
    tariff_version_id: int | None
    tariff_snapshot: dict[str, Any] | None
    currency: str
    note: str


_ITEM: Final = """
FROM json_to_recordset(%s::json) AS item(
    n integer, charger_id bigint, number smallint, id_tag text, started_at timestamptz,
    received_at timestamptz, meter_start_wh bigint
)
JOIN chargers_charger AS charger ON charger.id = item.charger_id
"""

# Two starts with one token, in two processes, meet at the token's row: the verdict ConcurrentTx
# has no race. A connector nobody registered is made on the spot.
_LOCK = (
    "WITH item AS MATERIALIZED (SELECT item.*, charger.cpo_id, charger.max_power_w"
    + _ITEM
    + """
), made AS (
    INSERT INTO chargers_connector (
        charger_id, number, standard, power_type, max_power_w, max_current_a, max_voltage_v,
        forced_status, status, error_code, vendor_error_code, info
    )
    SELECT item.charger_id, item.number, 'IEC_62196_T2', 'AC_3_PHASE', item.max_power_w, 32, 400,
        '', 'Unknown', 'NoError', '', ''
    FROM item
    WHERE NOT EXISTS (
        SELECT FROM chargers_connector AS connector
        WHERE connector.charger_id = item.charger_id AND connector.number = item.number
    )
    ORDER BY item.charger_id, item.number
    ON CONFLICT DO NOTHING
), connectors AS (
    SELECT connector.id
    FROM item JOIN chargers_connector AS connector USING (charger_id, number)
    ORDER BY connector.charger_id, connector.number
    FOR NO KEY UPDATE OF connector
), tokens AS (
    SELECT token.id
    FROM chargers_idtoken AS token
    WHERE token.id IN (
        SELECT candidate.id FROM item JOIN chargers_idtoken AS candidate
            ON lower(candidate.token) = lower(left(item.id_tag, 20))
    )
    ORDER BY token.id
    FOR NO KEY UPDATE OF token
)
SELECT (SELECT count(*) FROM connectors), (SELECT count(*) FROM tokens)
"""
)

_CONTEXTS = (
    f"""
SELECT item.n, charger.cpo_id, cpo.status, location.time_zone, connector.id,
    stored.id, stored.transaction_id, stored."authorization",
    active.id, active.started_at, active."authorization",
    (SELECT sold.template_id FROM ({level_sql("item.received_at")}) AS sold),
    coalesce(({pbjt_sql("item.received_at")}), 0),
    EXISTS (
        SELECT FROM chargers_orphanstop AS orphan
        WHERE orphan.charger_id = item.charger_id AND orphan.state = 'waiting'
    ),
    EXISTS (
        SELECT FROM chargers_remotestart AS wish
        WHERE wish.charger_id = item.charger_id AND wish.status IN ('asked', 'accepted')
    ),
    EXISTS (
        SELECT FROM chargers_reservation AS kept
        WHERE kept.charger_id = item.charger_id AND kept.status = 'active'
    ),
    CASE WHEN token.id IS NULL THEN 0 ELSE (
        SELECT count(*) FROM chargers_chargingsession AS other
        WHERE other.status = 'active' AND other.id_token_id = token.id
            AND other."authorization" = 'Accepted'
            AND other.connector_id <> connector.id
    ) END,
    (SELECT policy.max_concurrent FROM chargers_idtoken AS policy WHERE policy.id = token.id),
    {PRESENTED_COLUMNS}
"""
    + _ITEM
    + """
JOIN cpo_cpo AS cpo ON cpo.id = charger.cpo_id
JOIN chargers_location AS location ON location.id = charger.location_id
JOIN chargers_connector AS connector
    ON connector.charger_id = item.charger_id AND connector.number = item.number
LEFT JOIN chargers_chargingsession AS stored
    ON stored.connector_id = connector.id AND lower(stored.id_tag) = lower(item.id_tag)
    AND stored.started_at = item.started_at AND stored.meter_start_wh = item.meter_start_wh
LEFT JOIN chargers_chargingsession AS active
    ON active.connector_id = connector.id AND active.status = 'active'
"""
    + PRESENTED_JOIN
)

_SET_ASIDE = """
WITH aside AS (
    UPDATE chargers_chargingsession SET status = 'awaiting_stop'
    WHERE id IN (
        SELECT id FROM chargers_chargingsession
        WHERE id = ANY(%s) AND status = 'active'
        ORDER BY id FOR NO KEY UPDATE
    )
    RETURNING id
)
INSERT INTO chargers_sessionstatuschange (session_id, at, status, reason)
SELECT id, now(), 'awaiting_stop', 'Another session began at its connector' FROM aside
"""

_INSERT = """
WITH item AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS item(
        cpo_id uuid, charger_id bigint, connector_id bigint, id_tag text, id_token_id bigint,
        driver_id uuid, "authorization" text, status text, started_at timestamptz,
        received_at timestamptz, meter_start_wh bigint, reservation_id integer,
        tariff_version_id bigint, tariff_snapshot jsonb, currency text, note text
    )
), inserted AS (
    INSERT INTO chargers_chargingsession (
        cpo_id, charger_id, connector_id, id_tag, id_token_id, driver_id, "authorization", status,
        started_at, start_received_at, meter_start_wh, meter_last_wh, interval_energy_wh,
        energy_wh, reservation_id, tariff_version_id, tariff_snapshot, currency, billing_status,
        stop_reason, stop_id_tag, hold_reason
    )
    SELECT cpo_id, charger_id, connector_id, id_tag, id_token_id, driver_id, "authorization",
        status, started_at, received_at, meter_start_wh, meter_start_wh, 0, 0, reservation_id,
        tariff_version_id, tariff_snapshot, currency, 'unbilled', '', '', ''
    FROM item ORDER BY connector_id
    ON CONFLICT DO NOTHING
    RETURNING id, connector_id, transaction_id, status
), told AS (
    INSERT INTO chargers_sessionstatuschange (session_id, at, status, reason)
    SELECT inserted.id, now(), inserted.status, item.note
    FROM inserted JOIN item USING (connector_id)
)
SELECT connector_id, id, transaction_id FROM inserted
"""


def lock(starts: Sequence[StartOf]) -> None:
    """Hold the connectors and tokens of these starts until the transaction ends."""
    sql.run(_LOCK, _document(starts))


def read_contexts(starts: Sequence[StartOf]) -> list[StartContext]:
    rows = {
        row[0]: StartContext(token_of(row[18:]), *row[1:18])
        for row in sql.run(_CONTEXTS, _document(starts))
    }
    return [rows[n] for n in range(len(starts))]


def set_aside(session_ids: list[int]) -> None:
    """Active sessions whose connector began another one: their Stop is still to come."""
    if session_ids:
        with connection.cursor() as cursor:
            cursor.execute(_SET_ASIDE, [session_ids])


def insert(sessions: Sequence[NewSession]) -> dict[int, tuple[int, int]]:
    """Store new sessions; {connector: (session id, transaction id)}.

    A connector is missing where the same start was stored a moment ago by somebody else.
    """
    if not sessions:
        return {}
    document = [
        {
            "cpo_id": item.cpo_id,
            "charger_id": item.charger_pk,
            "connector_id": item.connector_id,
            "id_tag": item.id_tag,
            "id_token_id": item.id_token_id,
            "driver_id": item.driver_id,
            "authorization": item.authorization,
            "status": item.status,
            "started_at": item.started_at,
            "received_at": item.received_at,
            "meter_start_wh": item.meter_start_wh,
            "reservation_id": item.reservation_id,
            "tariff_version_id": item.tariff_version_id,
            "tariff_snapshot": item.tariff_snapshot,
            "currency": item.currency,
            "note": item.note[:200],
        }
        for item in sessions
    ]
    return {row[0]: (row[1], row[2]) for row in sql.run(_INSERT, document)}


def _document(starts: Sequence[StartOf]) -> list[dict[str, Any]]:
    return [
        {
            "n": n,
            "charger_id": item.charger_pk,
            "number": item.start.connector_number,
            "id_tag": item.start.id_tag,
            "started_at": item.start.started_at,
            "received_at": item.received_at,
            "meter_start_wh": item.start.meter_start_wh,
        }
        for n, item in enumerate(starts)
    ]
