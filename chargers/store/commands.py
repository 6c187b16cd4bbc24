"""Claiming a command: exactly one process gets it, in the order of the queue."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from chargers.models import Command

# Sent, and the socket closed before the answer: the charger may have done it.
CONNECTION_LOST: Final = "The connection closed before the answer came"

# Only the newest connection of a charger may speak to it.
_CLAIM: Final = """
UPDATE chargers_command AS command
SET status = 'sent', sent_at = %(now)s, message_id = replace(command.id::text, '-', '')
WHERE command.id = (
    SELECT waiting.id
    FROM chargers_command AS waiting
    WHERE waiting.charger_id = %(charger)s AND waiting.status = 'queued'
        AND waiting.deadline_at > %(now)s
        AND (%(connection)s::uuid IS NULL OR EXISTS (
            SELECT FROM chargers_presence AS presence
            WHERE presence.charger_id = waiting.charger_id
                AND presence.connection_id = %(connection)s::uuid
        ))
    ORDER BY waiting.created_at, waiting.id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
AND command.status = 'queued'
RETURNING command.*
"""


def claim(charger_pk: int, connection_id: UUID | None, now: datetime) -> Command | None:
    params = {"charger": charger_pk, "connection": connection_id, "now": now}
    return next(iter(Command.objects.raw(_CLAIM, params)), None)
