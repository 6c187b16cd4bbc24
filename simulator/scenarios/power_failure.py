from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from simulator.behaviour import Behaviour

if TYPE_CHECKING:
    from simulator.charger import Charger


class PowerFailure(Behaviour):
    """The charger goes dark in mid-session, boots, and only then stops what ran (PowerLoss)."""

    name: ClassVar[str] = "power_failure"

    async def disturb(self, charger: Charger) -> None:
        pace = charger.around.pace
        while True:
            await pace.sleep(self.rng.randint(600, 2400))
            await charger.until_online()
            charger.around.stats.events["power_failures"] += 1
            await charger.lose_power(seconds=max(1.0, pace.real(self.rng.randint(60, 300))))
