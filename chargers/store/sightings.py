"""Where tags were presented: one statement for a batch, at most one write a minute for a tag."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from chargers.store import sql
from chargers.store.tokens import PRESENTED_JOIN

WRITTEN_EVERY_S: Final = 60
UNKNOWN_KEPT_DAYS: Final = 90
MOST_UNKNOWN: Final = 1_000  # per CPO


@dataclass(frozen=True, slots=True)
class Sighting:
    """`status`: the verdict that the charger was answered with."""

    charger_pk: int
    id_tag: str
    at: datetime
    status: str


# What was written a moment ago is left out before it is locked: a tag that is presented again
# and again is no hot row. In one order for all processes, so that they never wait in a circle.
_SEE: Final = f"""
WITH item AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS item(
        charger_id bigint, id_tag text, at timestamptz, status text
    )
), seen AS (
    SELECT DISTINCT ON (charger.cpo_id, lower(left(item.id_tag, 20)))
        charger.cpo_id, left(item.id_tag, 20) AS tag, token.id AS token_id,
        charger.id AS charger_id, item.status, item.at
    FROM item
    JOIN chargers_charger AS charger ON charger.id = item.charger_id
    {PRESENTED_JOIN}
    WHERE NOT EXISTS (
        SELECT FROM chargers_tokensighting AS before
        WHERE before.cpo_id = charger.cpo_id
            AND lower(before.tag) = lower(left(item.id_tag, 20))
            AND before.charger_id = charger.id AND before.status = item.status
            AND before.id_token_id IS NOT DISTINCT FROM token.id
            AND before.last_seen_at > item.at - interval '{WRITTEN_EVERY_S} seconds'
    )
    ORDER BY charger.cpo_id, lower(left(item.id_tag, 20)), item.at DESC
)
INSERT INTO chargers_tokensighting AS known (
    cpo_id, tag, id_token_id, charger_id, status, times, first_seen_at, last_seen_at
)
SELECT cpo_id, tag, token_id, charger_id, status, 1, at, at FROM seen
ON CONFLICT (cpo_id, lower(tag)) DO UPDATE SET
    id_token_id = excluded.id_token_id,
    charger_id = excluded.charger_id,
    status = excluded.status,
    times = least(known.times + 1, 2000000000),
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
"""

_FORGET: Final = """
DELETE FROM chargers_tokensighting WHERE id IN (
    SELECT id FROM (
        SELECT id, last_seen_at, row_number() OVER (
            PARTITION BY cpo_id ORDER BY last_seen_at DESC
        ) AS place
        FROM chargers_tokensighting WHERE id_token_id IS NULL
    ) AS unknown
    WHERE place > %s OR last_seen_at < %s
) OR id_token_id IN (
    SELECT id FROM chargers_idtoken WHERE charger_id IS NOT NULL AND expires_at < now()
)
"""


def record_sightings(sightings: Iterable[Sighting]) -> None:
    """Inside the batch's transaction, after everything else of it."""
    document = [
        {"charger_id": item.charger_pk, "id_tag": item.id_tag, "at": item.at, "status": item.status}
        for item in sightings
        if item.id_tag.strip()
    ]
    if document:
        sql.run(_SEE, document)


def forget_sightings(before: datetime, most: int = MOST_UNKNOWN) -> int:
    """Unknown tags not seen since, those beyond `most` of a CPO, and spent codes of one payment."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [most, before])
        return int(cursor.rowcount)
