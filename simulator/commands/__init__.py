"""The central system's calls: one small function each, which answers at once.

A handler gets the charger and the payload and returns what to answer and, where something follows
from it (a reset, a status chain), a coroutine function to run after the answer is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.commands import core, maintenance, planning, security
from simulator.commands.base import After, Handler, Reply
from simulator.wire import Call, CallError, Payload

if TYPE_CHECKING:
    from simulator.charger import Charger

HANDLERS: dict[str, Handler] = {
    **core.HANDLERS,
    **maintenance.HANDLERS,
    **planning.HANDLERS,
    **security.HANDLERS,
}


def answer(charger: Charger, call: Call) -> tuple[Payload | CallError, After | None]:
    """What to answer to a call; unknown actions and unusable payloads get their CALLERROR."""
    handler = HANDLERS.get(call.action)
    if handler is None:
        return CallError("NotImplemented", f"{call.action[:40]} is not known here"), None
    try:
        reply: Reply = handler(charger, call.payload)
    except KeyError as missing:
        return CallError("OccurenceConstraintViolation", f"{missing.args[0]} is missing"), None
    except (TypeError, ValueError, AttributeError):
        return CallError("FormationViolation", "the payload cannot be used"), None
    return reply
