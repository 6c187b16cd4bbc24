"""OCPP-J frames: [2, id, action, payload], [3, id, payload], [4, id, code, description, {}]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

Payload = dict[str, Any]


@dataclass(frozen=True)
class Call:
    message_id: str
    action: str
    payload: Payload


@dataclass(frozen=True)
class Answer:
    message_id: str
    payload: Payload


class CallError(Exception):
    """The other side's CALLERROR, or ours to it; `code` as OCPP-J 1.6 table 7 spells it."""

    def __init__(self, code: str, description: str = "", message_id: str = "") -> None:
        super().__init__(f"{code} {description}".strip())
        self.code = code
        self.description = description
        self.message_id = message_id


class FrameError(ValueError):
    """What arrived is no OCPP frame."""


def call(message_id: str, action: str, payload: Payload) -> str:
    return orjson.dumps([2, message_id, action, payload]).decode()


def answer(message_id: str, payload: Payload) -> str:
    return orjson.dumps([3, message_id, payload]).decode()


def error(message_id: str, failure: CallError) -> str:
    return orjson.dumps([4, message_id, failure.code, failure.description, {}]).decode()


def parse(text: str | bytes) -> Call | Answer | CallError:
    """Raises FrameError."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError as failure:
        message = f"not JSON: {failure}"
        raise FrameError(message) from failure
    match frame:
        case [2, str(message_id), str(action), dict() | None as payload]:
            return Call(message_id, action, payload or {})
        case [3, str(message_id), dict() | None as payload]:
            return Answer(message_id, payload or {})
        case [4, str(message_id), str(code), *rest]:
            return CallError(code, str(rest[0]) if rest else "", message_id)
    message = f"no frame: {str(frame)[:80]}"
    raise FrameError(message)
