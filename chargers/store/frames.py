"""The wire log: the frames of a whole batch in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chargers.store import sql


@dataclass(frozen=True, slots=True)
class FrameRow:
    """One exchange as `chargers.models.Frame` holds it; texts are redacted already."""

    charger_pk: int
    at: datetime
    direction: str
    message_id: str
    action: str
    request: str
    response: str
    latency_us: int | None
    outcome: str


_APPEND = """
INSERT INTO chargers_frame (
    charger_id, at, direction, message_id, action, request, response, latency_us, outcome
)
SELECT charger_id, at, direction, message_id, action, request, response, latency_us, outcome
FROM json_to_recordset(%s::json) AS frame(
    charger_id bigint, at timestamptz, direction text, message_id text, action text,
    request text, response text, latency_us integer, outcome text
)
"""


def append_frames(frames: list[FrameRow]) -> None:
    if frames:
        sql.run(_APPEND, [_document(frame) for frame in frames])


def _document(frame: FrameRow) -> dict[str, Any]:
    return {
        "charger_id": frame.charger_pk,
        "at": frame.at,
        "direction": frame.direction,
        "message_id": frame.message_id[:64],
        "action": frame.action[:64],
        "request": frame.request,
        "response": frame.response,
        "latency_us": frame.latency_us,
        "outcome": frame.outcome[:32],
    }
