from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, ClassVar

from simulator import wire
from simulator.behaviour import Behaviour
from simulator.link import DisconnectedError

if TYPE_CHECKING:
    from simulator.charger import Charger

BETWEEN_S = (0.5, 3.0)
DEPTH = 20_000

FRAMES: tuple[Callable[[Random], str], ...] = (
    lambda _: "not json at all",
    lambda _: "",
    lambda _: "[2",
    lambda _: "[" * DEPTH,
    lambda _: '{"action":"Heartbeat"}',
    lambda rng: f'[{rng.randint(5, 99)},"id",{{}}]',
    lambda rng: wire.call(f"x{rng.random()}", "NoSuchAction", {}),
    lambda rng: wire.call(f"x{rng.random()}", "StatusNotification", {"connectorId": "one"}),
    lambda rng: wire.call("x" * 60, "Heartbeat", {"at": rng.random()}),
    lambda _: '[3,"nobody asked",{}]',
    lambda _: '[4,"nobody asked","InternalError","",{}]',
    lambda _: '[2,"nul","DataTransfer",{"vendorId":"\\u0000\\ud800"}]',
)


class Garbage(Behaviour):
    """Between its honest messages the charger sends frames that nobody can use."""

    name: ClassVar[str] = "garbage"

    async def disturb(self, charger: Charger) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(*BETWEEN_S))
            await charger.until_online()
            link = charger.link
            if link is None:
                continue
            with contextlib.suppress(DisconnectedError):
                await link.send_raw(self.rng.choice(FRAMES)(self.rng))
                charger.around.stats.events["garbage_sent"] += 1
