from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from simulator.behaviour import Behaviour

if TYPE_CHECKING:
    from simulator.charger import Charger


class DroppedSockets(Behaviour):
    """Connections are cut every few seconds, also between a message and its answer."""

    name: ClassVar[str] = "dropped_sockets"

    async def disturb(self, charger: Charger) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(2, 10))
            await charger.until_online()
            if self.rng.random() < 0.5:  # wait for a message to be under way
                await charger.outbox.filled.wait()
                await asyncio.sleep(0)
            charger.around.stats.events["sockets_dropped"] += 1
            await charger.lose_network(seconds=self.rng.uniform(0.05, 1.0))
