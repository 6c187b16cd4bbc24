"""Batch SQL of refused handshakes: one row per identity, however hard it knocks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from django.db import connection

MAX_UNKNOWN: Final = 1_000


@dataclass(frozen=True, slots=True)
class Stranger:
    """`reason` is a word of `RefusalReason`."""

    identity: str
    remote_address: str
    subprotocols: str
    reason: str = "unknown"


@dataclass(frozen=True, slots=True)
class RefusedKnock:
    charger_id: int
    reason: str
    asked_for: str
    remote_address: str
    subprotocols: str


_KNOCK: Final = """
INSERT INTO chargers_unknowncharger AS stranger (
    id, identity, reason, remote_address, subprotocols, attempts, first_seen_at, last_seen_at
)
SELECT gen_random_uuid(), identity, reason, remote_address, subprotocols, 1,
    clock_timestamp(), clock_timestamp()
FROM json_to_recordset(%s::json) AS item(
    identity text, reason text, remote_address text, subprotocols text
)
ORDER BY lower(identity)
ON CONFLICT (lower(identity)) DO UPDATE SET
    reason = excluded.reason,
    remote_address = excluded.remote_address,
    subprotocols = excluded.subprotocols,
    attempts = least(stranger.attempts + 1, 2000000000),
    last_seen_at = excluded.last_seen_at
"""

_FORGET: Final = """
DELETE FROM chargers_unknowncharger WHERE id IN (
    SELECT id FROM chargers_unknowncharger ORDER BY last_seen_at DESC OFFSET %s
)
"""

_REFUSE: Final = """
INSERT INTO chargers_refusedhandshake AS known (
    charger_id, reason, asked_for, remote_address, subprotocols, attempts,
    first_seen_at, last_seen_at
)
SELECT charger_id, reason, asked_for, remote_address, subprotocols, 1,
    clock_timestamp(), clock_timestamp()
FROM json_to_recordset(%s::json) AS item(
    charger_id bigint, reason text, asked_for text, remote_address text, subprotocols text
)
ORDER BY charger_id
ON CONFLICT (charger_id) DO UPDATE SET
    reason = excluded.reason,
    asked_for = excluded.asked_for,
    remote_address = excluded.remote_address,
    subprotocols = excluded.subprotocols,
    attempts = least(known.attempts + 1, 2000000000),
    last_seen_at = excluded.last_seen_at
"""

_OLD: Final = (
    "DELETE FROM chargers_unknowncharger WHERE last_seen_at < %s",
    "DELETE FROM chargers_refusedhandshake WHERE last_seen_at < %s",
)


def record_strangers(strangers: Iterable[Stranger]) -> None:
    """Put refused identities into the inbox, the latest MAX_UNKNOWN of them."""
    rows = {
        item.identity.lower(): {
            "identity": item.identity[:255],
            "reason": item.reason,
            "remote_address": item.remote_address[:64],
            "subprotocols": item.subprotocols[:200],
        }
        for item in strangers
    }
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_KNOCK, [json.dumps(list(rows.values()))])
        cursor.execute(_FORGET, [MAX_UNKNOWN])


def record_refusals(refusals: Iterable[RefusedKnock]) -> None:
    """Known chargers that were not let in: the latest reason of each."""
    rows = {
        item.charger_id: {
            **asdict(item),
            "asked_for": item.asked_for[:255],
            "remote_address": item.remote_address[:64],
            "subprotocols": item.subprotocols[:200],
        }
        for item in refusals
    }
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_REFUSE, [json.dumps(list(rows.values()))])


def forget_refusals(before: datetime) -> int:
    """Drop what has not knocked since; how many rows."""
    forgotten = 0
    with connection.cursor() as cursor:
        for statement in _OLD:
            cursor.execute(statement, [before])
            forgotten += cursor.rowcount
    return forgotten
