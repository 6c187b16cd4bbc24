"""When a charger was last heard of. Connecting and leaving: `chargers.store.connections`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from chargers.events import ChargerPresenceChanged
from chargers.store import sql
from unievp.lib.events import publish

SEEN_EVERY_S: Final = 10

# When this process last wrote a charger's row (monotonic seconds): who is due is known here, so
# a message of a charger that was just written costs the database nothing.
_written: dict[int, float] = {}
_MOST_REMEMBERED: Final = 100_000

# A charger that was called offline for its silence and speaks again is online; one whose newest
# connection is gone is not, whatever message of it was still on its way.
_SEEN = """
UPDATE chargers_presence AS presence SET
    last_seen_at = greatest(presence.last_seen_at, due.at),
    online = presence.online
        OR presence.connected_at > coalesce(presence.disconnected_at, '-infinity')
FROM (
    SELECT item.at, before.charger_id, before.online
    FROM json_to_recordset(%s::json) AS item(charger_id bigint, at timestamptz)
    JOIN chargers_presence AS before USING (charger_id)
    ORDER BY before.charger_id
    FOR NO KEY UPDATE OF before
) AS due
WHERE presence.charger_id = due.charger_id
RETURNING presence.charger_id, presence.online AND NOT due.online
"""

# `disconnected_at` stays: the socket may still be there, and a word of the charger brings it back.
_SILENT = """
UPDATE chargers_presence AS presence SET online = false
FROM (
    SELECT presence.charger_id
    FROM chargers_presence AS presence
    JOIN chargers_charger AS charger ON charger.id = presence.charger_id
    WHERE presence.online AND presence.last_seen_at < %s - make_interval(
        secs => %s * coalesce(charger.heartbeat_interval_s, %s) + %s
    )
    ORDER BY presence.charger_id
    FOR NO KEY UPDATE OF presence
) AS silent
WHERE presence.charger_id = silent.charger_id
RETURNING presence.charger_id
"""


def mark_silent_offline(now: datetime) -> list[int]:
    """The chargers that are offline now because nothing was heard of them for too long."""
    beats, interval = settings.OFFLINE_AFTER_HEARTBEATS, settings.HEARTBEAT_INTERVAL
    with connection.cursor() as cursor:
        cursor.execute(_SILENT, [now, beats, interval, SEEN_EVERY_S])
        return [row[0] for row in cursor.fetchall()]


def mark_seen(messages: Iterable[tuple[int, datetime]]) -> None:
    """Write `last_seen_at` of the chargers whose last write is SEEN_EVERY_S old."""
    now = time.monotonic()
    due = {pk: at for pk, at in messages if now - _written.get(pk, -SEEN_EVERY_S) >= SEEN_EVERY_S}
    if not due:
        return
    rows = sql.run(_SEEN, [{"charger_id": pk, "at": at} for pk, at in due.items()])
    for charger_pk, is_back in rows:
        if is_back:
            publish(ChargerPresenceChanged(charger_pk, online=True))
    # Only a commit counts as written.
    transaction.on_commit(lambda: _remember(due, now))


def _remember(due: Iterable[int], now: float) -> None:
    if len(_written) > _MOST_REMEMBERED:
        _written.clear()
    _written.update(dict.fromkeys(due, now))
