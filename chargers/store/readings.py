"""MeterValues into the database: one statement stores the readings and moves the sessions.

A session's energy moves forward only. A register reading counts from the meter at the start; one
far below that start is a counter of the session itself (some chargers send those, reference §2.12).
A reading that cannot be true is kept, moves nothing, and says why in its adjustments: more than the
connector can give in the time (a lifetime register after a meterStart of 0, kWh times 1000), a
register in kWh labelled Wh, one that went back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from chargers.store import sql
from chargers.store.plausible import MOST_WH, TOLERANCE_WH
from chargers.store.work import Reading


@dataclass(frozen=True, slots=True)
class ReadingsOf:
    """Readings of one message. `session_id`: known already (transactionData of a Stop)."""

    charger_pk: int
    connector_number: int
    transaction_id: int | None
    received_at: datetime
    readings: tuple[Reading, ...]
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A session after its readings; `power_w` in W, energy in Wh."""

    session_id: int
    cpo_id: UUID
    charger_id: int
    energy_wh: int
    power_w: int | None
    soc_percent: int | None


DOUBT_TOO_MUCH: Final = "energy_wh: more than time and power allow"
DOUBT_BACK: Final = "energy_wh: below the meter at the start"
DOUBT_KWH: Final = "energy_wh: reads like kWh labelled Wh"
DOUBT_LOWER: Final = "energy_wh: below an earlier reading"

# A charger that learns its transaction id late sends what it sent as -1 once more: only what comes
# this much after its measurement can be such a copy.
AT_ONCE_S: Final = 5

_STORE = f"""
WITH item AS MATERIALIZED (
    SELECT reading.*, coalesce(
        reading.known,
        CASE WHEN reading.transaction_id > 0 THEN (
            SELECT session.id FROM chargers_chargingsession AS session
            WHERE session.transaction_id = reading.transaction_id
                AND session.charger_id = reading.charger_id
        ) END,
        CASE WHEN reading.connector_number > 0 THEN (
            SELECT session.id
            FROM chargers_chargingsession AS session
            JOIN chargers_connector AS connector ON connector.id = session.connector_id
            WHERE session.charger_id = reading.charger_id
                AND connector.number = reading.connector_number
                AND session.started_at <= reading.measured_at
                AND session.started_at > reading.measured_at - interval '7 days'
                AND (session.ended_at IS NULL OR session.ended_at >= reading.measured_at)
            ORDER BY session.started_at DESC
            LIMIT 1
        ) END
    ) AS session_id
    FROM json_to_recordset(%s::json) AS reading(
        charger_id bigint, connector_number smallint, transaction_id bigint, known bigint,
        measured_at timestamptz, received_at timestamptz, energy_wh bigint, interval_wh bigint,
        power_w integer, current_ma integer, voltage_mv integer, soc_percent smallint,
        temperature_mc integer, others jsonb, samples jsonb, adjustments jsonb, content_hash text,
        counts_session boolean
    )
), judged AS MATERIALIZED (
    SELECT item.*, CASE WHEN session.status <> 'ended' THEN session.id END AS open_id,
        session.transaction_id AS given_id, meter.gained_wh, CASE
        WHEN item.interval_wh > meter.most_wh THEN '{DOUBT_TOO_MUCH}'
        WHEN item.energy_wh IS NULL THEN NULL
        WHEN meter.gained_wh IS NULL THEN '{DOUBT_BACK}'
        WHEN item.energy_wh < session.meter_start_wh AND NOT item.counts_session
            AND item.energy_wh * 1000 BETWEEN session.meter_start_wh - 1000
                AND session.meter_start_wh + meter.most_wh THEN '{DOUBT_KWH}'
        WHEN meter.gained_wh > meter.most_wh THEN '{DOUBT_TOO_MUCH}'
        WHEN item.measured_at > session.last_reading_at
            AND meter.gained_wh + {TOLERANCE_WH} < session.energy_wh THEN '{DOUBT_LOWER}'
    END AS doubt
    FROM item
    LEFT JOIN chargers_chargingsession AS session ON session.id = item.session_id
    LEFT JOIN chargers_connector AS connector ON connector.id = session.connector_id
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN item.counts_session THEN item.energy_wh
            WHEN item.energy_wh >= session.meter_start_wh
                THEN item.energy_wh - session.meter_start_wh
            WHEN item.energy_wh < session.meter_start_wh / 2 THEN item.energy_wh
        END AS gained_wh, CASE WHEN session.id IS NOT NULL THEN {MOST_WH} END AS most_wh
    ) AS meter
), stored AS (
    INSERT INTO chargers_meterreading (
        charger_id, connector_number, transaction_id, session_id, measured_at, received_at,
        energy_wh, interval_wh, power_w, current_ma, voltage_mv, soc_percent, temperature_mc,
        others, samples, adjustments, content_hash
    )
    SELECT charger_id, connector_number, transaction_id, session_id, measured_at, received_at,
        energy_wh, interval_wh, power_w, current_ma, voltage_mv, soc_percent, temperature_mc,
        others, samples, CASE WHEN open_id IS NULL OR doubt IS NULL THEN adjustments
            ELSE coalesce(adjustments, '[]') || jsonb_build_array(doubt) END,
        decode(content_hash, 'hex')
    FROM judged
    WHERE transaction_id > 0 AND received_at - measured_at < interval '{AT_ONCE_S} seconds'
        OR NOT EXISTS (
            SELECT FROM chargers_meterreading AS known
            WHERE known.charger_id = judged.charger_id
                AND known.connector_number = judged.connector_number
                AND known.transaction_id IN (-1, 0, judged.given_id)
                AND known.measured_at = judged.measured_at
                AND known.content_hash = decode(judged.content_hash, 'hex')
                AND known.session_id = judged.session_id
        )
    ON CONFLICT DO NOTHING
    RETURNING session_id, measured_at, content_hash, interval_wh
), latest AS (
    SELECT open_id AS id, max(measured_at) AS measured_at,
        max(gained_wh) FILTER (WHERE doubt IS NULL) AS gained_wh,
        (array_agg(power_w ORDER BY measured_at DESC) FILTER (WHERE power_w IS NOT NULL))[1]
            AS power_w,
        (array_agg(soc_percent ORDER BY measured_at DESC)
            FILTER (WHERE soc_percent IS NOT NULL))[1] AS soc_percent,
        coalesce(sum(interval_wh) FILTER (WHERE interval_wh > 0 AND doubt IS NULL AND EXISTS (
            SELECT FROM stored
            WHERE stored.session_id = judged.open_id AND stored.measured_at = judged.measured_at
                AND stored.content_hash = decode(judged.content_hash, 'hex')
        )), 0)::bigint AS interval_wh
    FROM judged
    WHERE open_id IS NOT NULL
    GROUP BY open_id
), locked AS (
    SELECT session.id AS session_id, latest.*
    FROM latest JOIN chargers_chargingsession AS session ON session.id = latest.id
    ORDER BY session.id
    FOR NO KEY UPDATE OF session
)
UPDATE chargers_chargingsession AS session SET
    meter_last_wh = greatest(session.meter_last_wh, session.meter_start_wh + gained_wh),
    interval_energy_wh = session.interval_energy_wh + interval_wh,
    energy_wh = CASE
        -- Intervals stand in where no register ever moved: the two must not outbid each other.
        WHEN gained_wh IS NOT NULL OR session.meter_last_wh > session.meter_start_wh
            THEN greatest(session.energy_wh, gained_wh)
        ELSE greatest(session.energy_wh, session.interval_energy_wh + interval_wh)
    END,
    power_w = CASE WHEN session.last_reading_at > locked.measured_at
        THEN session.power_w ELSE coalesce(locked.power_w, session.power_w) END,
    soc_percent = CASE WHEN session.last_reading_at > locked.measured_at
        THEN session.soc_percent ELSE coalesce(locked.soc_percent, session.soc_percent) END,
    last_reading_at = greatest(session.last_reading_at, locked.measured_at)
FROM locked
WHERE session.id = locked.session_id AND session.status <> 'ended'
RETURNING session.id, session.cpo_id, session.charger_id, session.energy_wh, session.power_w,
    session.soc_percent
"""

# What the stored readings of a session say, judged as they were when they came.
_MEASURED = f"""
SELECT session.id AS session_id, max(item.measured_at) AS measured_at,
    max(meter.gained_wh) FILTER (WHERE meter.gained_wh <= meter.most_wh) AS gained_wh,
    coalesce(
        sum(item.interval_wh) FILTER (WHERE item.interval_wh <= meter.most_wh), 0
    )::bigint AS interval_wh
FROM chargers_chargingsession AS session
JOIN chargers_connector AS connector ON connector.id = session.connector_id
JOIN chargers_meterreading AS item
    ON item.session_id = session.id AND item.measured_at >= session.started_at - interval '1 day'
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN item.energy_wh >= session.meter_start_wh
            THEN item.energy_wh - session.meter_start_wh
        WHEN item.energy_wh < session.meter_start_wh / 2
            AND NOT coalesce(item.adjustments ? '{DOUBT_KWH}', false) THEN item.energy_wh
    END AS gained_wh, {MOST_WH} AS most_wh
) AS meter
WHERE session.id = ANY(%s) AND item.measured_at <= coalesce(%s, 'infinity'::timestamptz)
GROUP BY session.id
"""

_RETELL = f"""
WITH measured AS ({_MEASURED})
UPDATE chargers_chargingsession AS session SET
    meter_last_wh = session.meter_start_wh + coalesce(measured.gained_wh, 0),
    interval_energy_wh = coalesce(measured.interval_wh, 0),
    energy_wh = coalesce(nullif(measured.gained_wh, 0), measured.interval_wh, 0),
    last_reading_at = measured.measured_at
FROM chargers_chargingsession AS known
LEFT JOIN measured ON measured.session_id = known.id
WHERE known.id = ANY(%s) AND session.id = known.id AND session.status <> 'ended'
"""


def measured_energy(session_id: int, until: datetime) -> int:
    """Wh since the start by the plausible readings up to `until`; 0 without any."""
    with connection.cursor() as cursor:
        cursor.execute(_MEASURED, [[session_id], until])
        row = cursor.fetchone()
    return int(row[2] or row[3]) if row else 0


def retell_sessions(session_ids: list[int]) -> None:
    """Work the energy of these open sessions out again, from the readings that are theirs now."""
    if session_ids:
        with connection.cursor() as cursor:
            cursor.execute(_RETELL, [session_ids, None, session_ids])


def write_readings(messages: Iterable[ReadingsOf]) -> list[Moved]:
    """Store each reading once and move its session; the sessions that moved.

    A reading without a usable transaction id belongs to the latest session at its connector that it
    was measured in. Readings of an ended session are stored and change nothing.
    """
    document = [_row(message, reading) for message in messages for reading in message.readings]
    if not document:
        return []
    return [Moved(*row) for row in sql.run(_STORE, document)]


def _row(message: ReadingsOf, reading: Reading) -> dict[str, Any]:
    return {
        "charger_id": message.charger_pk,
        "connector_number": message.connector_number,
        "transaction_id": sql.clip_transaction_id(message.transaction_id),
        "known": message.session_id,
        "measured_at": reading.measured_at,
        "received_at": message.received_at,
        "energy_wh": reading.energy_wh,
        "interval_wh": reading.interval_wh,
        "power_w": reading.power_w,
        "current_ma": reading.current_ma,
        "voltage_mv": reading.voltage_mv,
        "soc_percent": reading.soc_percent,
        "temperature_mc": reading.temperature_mc,
        "others": reading.others or None,
        "counts_session": reading.counts_session,
        "samples": reading.samples,
        "adjustments": list(reading.adjustments) or None,
        "content_hash": reading.content_hash.hex(),
    }
