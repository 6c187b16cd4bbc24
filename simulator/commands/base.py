"""The shape of a handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from simulator.wire import Payload

if TYPE_CHECKING:
    from simulator.charger import Charger

After = Callable[[], Awaitable[None]]
Reply = tuple[Payload, After | None]
Handler = Callable[["Charger", Payload], Reply]


def status(word: str) -> Reply:
    return {"status": word}, None
