from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from simulator.behaviour import Behaviour

if TYPE_CHECKING:
    from simulator.charger import Charger

PERIOD_S = 10


class ReconnectStorm(Behaviour):
    """Every 10 s all chargers lose the line in the same moment, come back at once and boot."""

    name: ClassVar[str] = "reconnect_storm"
    boots_on_reconnect: ClassVar[bool] = True

    def reconnect_delay(self, attempt: int) -> float:
        return min(4.0, 0.25 * (1 << min(attempt - 1, 10)))  # no jitter: that is the point

    async def disturb(self, charger: Charger) -> None:
        pace = charger.around.pace
        while True:
            period_ms = int(PERIOD_S * 1000 * pace.speed)
            await pace.sleep((period_ms - pace.now_ms() % period_ms) / 1000)
            charger.around.stats.events["sockets_dropped"] += 1
            await charger.lose_network(seconds=0.1)
