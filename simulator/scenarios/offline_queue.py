from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from simulator.behaviour import Behaviour

if TYPE_CHECKING:
    from simulator.charger import Charger


class OfflineQueue(Behaviour):
    """The network goes for a while in mid-session; what happened meanwhile is sent afterwards."""

    name: ClassVar[str] = "offline_queue"

    async def disturb(self, charger: Charger) -> None:
        pace = charger.around.pace
        while True:
            await pace.sleep(self.rng.randint(300, 1500))
            charger.around.stats.events["networks_lost"] += 1
            # Simulated, so that whole sessions fit into an outage at any speed.
            await charger.lose_network(seconds=pace.real(self.rng.randint(300, 1800)))
            await charger.until_online()
            await charger.drain(600)
            charger.around.stats.events["queues_flushed"] += 1
