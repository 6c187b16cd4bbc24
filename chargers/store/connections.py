"""Batch SQL of connecting and disconnecting: a reconnect storm is a few statements, not thousands.

Presence is one narrow row per charger; the newest connection owns it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection


@dataclass(frozen=True, slots=True)
class Arrival:
    charger_pk: int
    connection_id: UUID
    process: str
    remote_address: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """`connected_at` orders the connections of one charger over all processes."""

    connected_at: datetime
    was_online: bool
    previous_process: str
    has_commands: bool


@dataclass(frozen=True, slots=True)
class Departure:
    """The end of a connection. `ended_by` is a word of `EndedBy`, `close_code` of RFC 6455 §7.4.

    `idle_s`: for how long the charger had been silent.
    """

    charger_pk: int
    connection_id: UUID
    ended_by: str
    close_code: int | None = None
    reason: str = ""
    idle_s: int = 0


# Locked before they change: what was there before is certain, also when two processes are told
# of the same charger at once.
_BEFORE = """
SELECT charger_id, online, process FROM chargers_presence
WHERE charger_id = ANY(%s) ORDER BY charger_id FOR UPDATE
"""

_ARRIVE = """
WITH stored AS (
    INSERT INTO chargers_presence AS presence (
        charger_id, online, connection_id, process, remote_address, connected_at, last_seen_at
    )
    SELECT charger_id, true, connection_id, process, remote_address,
        clock_timestamp(), clock_timestamp()
    FROM json_to_recordset(%s::json) AS item(
        charger_id bigint, connection_id uuid, process text, remote_address text
    )
    ORDER BY charger_id
    ON CONFLICT (charger_id) DO UPDATE SET
        online = true,
        connection_id = excluded.connection_id,
        process = excluded.process,
        remote_address = excluded.remote_address,
        connected_at = excluded.connected_at,
        last_seen_at = excluded.last_seen_at
    RETURNING charger_id, connection_id, process, remote_address, connected_at
), logged AS (
    INSERT INTO chargers_connectionlog (
        charger_id, connection_id, process, remote_address, connected_at, ended_by, reason
    )
    SELECT charger_id, connection_id, process, remote_address, connected_at, '', '' FROM stored
    ON CONFLICT DO NOTHING
)
SELECT charger_id, connected_at, EXISTS (
    SELECT FROM chargers_command AS command
    WHERE command.charger_id = stored.charger_id AND command.status = 'queued'
)
FROM stored
"""

# The guard: a connection that was replaced must not turn its charger offline.
_DEPART = """
WITH item AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS item(
        charger_id bigint, connection_id uuid, ended_by text, close_code smallint, reason text,
        idle_s integer
    )
), logged AS (
    UPDATE chargers_connectionlog AS log SET
        ended_at = clock_timestamp(),
        ended_by = item.ended_by,
        close_code = item.close_code,
        reason = item.reason,
        idle_s = item.idle_s
    FROM item
    WHERE log.connection_id = item.connection_id
)
UPDATE chargers_presence AS presence
SET online = false, disconnected_at = clock_timestamp(), last_seen_at = clock_timestamp()
FROM (
    SELECT presence.charger_id
    FROM chargers_presence AS presence
    JOIN item AS leaving USING (charger_id, connection_id)
    WHERE presence.online
    ORDER BY presence.charger_id
    FOR UPDATE OF presence
) AS leaving
WHERE presence.charger_id = leaving.charger_id
RETURNING presence.charger_id
"""

_RESTART = """
WITH logged AS (
    UPDATE chargers_connectionlog SET ended_at = clock_timestamp(), ended_by = 'restart'
    WHERE ended_at IS NULL AND process = %s
)
UPDATE chargers_presence SET online = false, disconnected_at = clock_timestamp()
WHERE online AND process = %s RETURNING charger_id
"""

_FORGET_LOGS = """
DELETE FROM chargers_connectionlog WHERE id IN (
    SELECT id FROM chargers_connectionlog WHERE connected_at < %s LIMIT %s
)
"""


def record_arrivals(arrivals: Iterable[Arrival]) -> dict[int, Arrived]:
    """Make each connection the newest of its charger; one arrival per charger."""
    rows = [
        {
            "charger_id": item.charger_pk,
            "connection_id": str(item.connection_id),
            "process": item.process[:64],
            "remote_address": item.remote_address[:64],
        }
        for item in arrivals
    ]
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [[row["charger_id"] for row in rows]])
        before = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
        cursor.execute(_ARRIVE, [json.dumps(rows)])
        return {
            charger_pk: Arrived(
                connected_at, *before.get(charger_pk, (False, "")), has_commands=has_commands
            )
            for charger_pk, connected_at, has_commands in cursor.fetchall()
        }


def record_departures(departures: Iterable[Departure]) -> list[int]:
    """The chargers that are offline now: those whose newest connection it was."""
    rows = [
        {
            "charger_id": item.charger_pk,
            "connection_id": str(item.connection_id),
            "ended_by": item.ended_by,
            "close_code": item.close_code,
            "reason": item.reason[:123],
            "idle_s": item.idle_s,
        }
        for item in departures
    ]
    with connection.cursor() as cursor:
        cursor.execute(_DEPART, [json.dumps(rows)])
        return [row[0] for row in cursor.fetchall()]


def record_restart(process: str) -> list[int]:
    """Chargers that an earlier life of this process left online."""
    with connection.cursor() as cursor:
        cursor.execute(_RESTART, [process[:64], process[:64]])
        return [row[0] for row in cursor.fetchall()]


def forget_connections(before: datetime, *, most: int = 10_000) -> int:
    """Drop log rows of connections that began before that; how many, at most `most`."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_LOGS, [before, most])
        return int(cursor.rowcount)
