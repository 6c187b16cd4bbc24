"""One step of a command of ours from status to status."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ocpi.models import OPEN_STATUSES, SentCommand, SentStatus
from ocpi.states import SENT_COMMAND
from unievp.lib import clock


def move_command(row: SentCommand, status: SentStatus, **values: Any) -> None:
    """Of a locked row. Raises ConflictError for a step that is none."""
    SENT_COMMAND.check(row.status, status)
    row.status = status
    if status not in OPEN_STATUSES:
        values["ended_at"] = clock.now()
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=["status", *values])


def end_command(
    pk: UUID, status: SentStatus, *, result: str = "", message: str = "", error: str = ""
) -> bool:
    """End it inside the caller's transaction; False where it has ended otherwise meanwhile."""
    row = SentCommand.objects.select_for_update(of=("self",)).get(pk=pk)
    if not SENT_COMMAND.allows(row.status, status):
        return False
    values = {"result": result[:24], "message": message[:512], "error": error[:300]}
    move_command(row, status, **{name: text for name, text in values.items() if text})
    return True


def message_in(data: Any) -> str:
    """The first text of `message`, as peers send it: a list of DisplayText, or one."""
    said = data.get("message") if isinstance(data, dict) else None
    first = said[0] if isinstance(said, list) and said else said
    text = first.get("text") if isinstance(first, dict) else first
    return text if isinstance(text, str) else ""
