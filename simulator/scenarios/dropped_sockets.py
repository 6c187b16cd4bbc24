from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from simulator.behaviour import Behaviour

if TYPE_CHECKING:
    from simulator.charger import Charger

BETWEEN_S = (2.0, 10.0)


class DroppedSockets(Behaviour):
    """Connections are cut every few seconds, also between a message and its answer."""

    name: ClassVar[str] = "dropped_sockets"

    async def disturb(self, charger: Charger) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(*BETWEEN_S))
            await charger.until_online()
            if self.rng.random() < 0.5:  # wait for a message to be under way
                await charger.outbox.filled.wait()
                await asyncio.sleep(0)
            charger.around.stats.events["sockets_dropped"] += 1
            await charger.lose_network(seconds=self.rng.uniform(0.05, 1.0))
