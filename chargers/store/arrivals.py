"""One time for all copies of a message whose own time cannot be used: that of the first arrival.

The row is what decides, so a copy that comes to another process or after a restart meets the unique
keys of the session, the reading or the status that the first one made.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from chargers.store import sql
from chargers.store.work import Inbound

# A charger whose clock stands still may mean another event by the same words later.
REMEMBERED: Final = timedelta(minutes=15)
KEPT: Final = timedelta(days=1)

# A charger whose clock stands still may mean another event by the same words a while later.
_FIRST = """
INSERT INTO chargers_firstarrival AS known (charger_id, content, first_at)
SELECT item.charger_id, decode(item.content, 'hex'), item.at
FROM json_to_recordset(%s::json) AS item(charger_id bigint, content text, at timestamptz)
ORDER BY item.charger_id, item.content
ON CONFLICT (charger_id, content) DO UPDATE SET first_at = CASE
    WHEN excluded.first_at - known.first_at < interval '15 minutes' THEN known.first_at
    ELSE excluded.first_at
END
RETURNING charger_id, first_at
"""

_FORGET = "DELETE FROM chargers_firstarrival WHERE first_at < %s"


def settle_arrivals(batch: list[Inbound]) -> None:
    """Give each message with a replaced time in `batch` the time of its first copy.

    At most one message per charger.
    """
    doubtful = [item for item in batch if item.content is not None]
    if not doubtful:
        return
    document = [
        {"charger_id": item.charger_pk, "content": _hex(item.content), "at": item.received_at}
        for item in doubtful
    ]
    first = dict(sql.run(_FIRST, document))
    for item in doubtful:
        at = first[item.charger_pk]
        if at != item.received_at:
            item.work = _moved(item.work, item.received_at, at)


def forget_arrivals(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [now - KEPT])
        return int(cursor.rowcount)


def _hex(content: bytes | None) -> str:
    return (content or b"").hex()


def _moved(work: Any, arrived: datetime, at: datetime) -> Any:
    """`work` with every time that is `arrived` set to `at`, also inside its readings."""
    changes: dict[str, Any] = {}
    for item in fields(work):
        value = getattr(work, item.name)
        if value == arrived and isinstance(value, datetime):
            changes[item.name] = at
        elif item.name == "readings":
            changes[item.name] = tuple(_moved(reading, arrived, at) for reading in value)
    return replace(work, **changes) if changes else work
