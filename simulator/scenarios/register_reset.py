from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from simulator.behaviour import Behaviour

if TYPE_CHECKING:
    from simulator.charger import Charger


class RegisterReset(Behaviour):
    """The energy register falls back to 0 in mid-session, so meterStop is below meterStart."""

    name: ClassVar[str] = "register_reset"

    async def disturb(self, charger: Charger) -> None:
        pace = charger.around.pace
        while True:
            await pace.sleep(self.rng.randint(600, 1800))
            for connector in charger.connectors:
                if connector.transaction is not None:
                    connector.advance(pace.now_ms())
                    connector.register.reset()
                    charger.around.stats.events["registers_reset"] += 1
