"""Readings that came before the Start of their session."""

from __future__ import annotations

from django.db import connection

# A Start that comes from a charger's queue finds readings that overtook it: those of its time at
# its connector that are nobody's, or the earlier session's only because it was not known yet.
_ADOPT = """
WITH wanted AS (
    SELECT reading.id, reading.measured_at, donor.id AS donor_id, session.id AS session_id
    FROM chargers_chargingsession AS session
    JOIN chargers_connector AS connector ON connector.id = session.connector_id
    JOIN chargers_meterreading AS reading
        ON reading.charger_id = session.charger_id
        AND reading.connector_number = connector.number
        AND reading.measured_at >= session.started_at
        AND reading.measured_at
            <= coalesce(session.ended_at, session.start_received_at + interval '5 minutes')
    LEFT JOIN chargers_chargingsession AS donor ON donor.id = reading.session_id
    WHERE session.id = ANY(%s)
        AND (
            reading.session_id IS NULL
            OR donor.connector_id = session.connector_id AND donor.started_at < session.started_at
                AND donor.transaction_id IS DISTINCT FROM reading.transaction_id
        )
        AND NOT EXISTS (
            SELECT FROM chargers_chargingsession AS later
            WHERE later.connector_id = session.connector_id
                AND later.started_at > session.started_at
                AND later.started_at <= reading.measured_at
        )
), moved AS (
    UPDATE chargers_meterreading AS reading SET session_id = wanted.session_id
    FROM wanted
    WHERE reading.id = wanted.id AND reading.measured_at = wanted.measured_at
)
SELECT session_id FROM wanted UNION SELECT donor_id FROM wanted WHERE donor_id IS NOT NULL
"""


def adopt_readings(session_ids: list[int]) -> list[int]:
    """Give these sessions the readings of their time; every session that got or lost some."""
    if not session_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_ADOPT, [session_ids])
        return sorted(row[0] for row in cursor.fetchall())
