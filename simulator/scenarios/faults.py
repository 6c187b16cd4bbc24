from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from simulator import transactions, visits
from simulator.behaviour import Behaviour

if TYPE_CHECKING:
    from simulator.charger import Charger

ERRORS = (
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "OverCurrentFailure",
    "PowerMeterFailure",
    "UnderVoltage",
    "OtherError",
)


class Faults(Behaviour):
    """A connector fails with an error code, ends what ran there, and recovers after a while."""

    name: ClassVar[str] = "faults"

    async def disturb(self, charger: Charger) -> None:
        pace = charger.around.pace
        while True:
            await pace.sleep(self.rng.randint(300, 1800))
            await charger.until_online()
            connector = self.rng.choice(charger.connectors)
            charger.around.stats.events["connector_faults"] += 1
            connector.error_code = self.rng.choice(ERRORS)
            visits.give_up(charger, connector)
            if connector.transaction is not None:
                transactions.stop(charger, connector, "Other")
            connector.unplug()
            connector.reservation = None  # §5.13: a fault ends it
            visits.show(charger, connector, "Faulted")
            await pace.sleep(self.rng.randint(120, 900))
            connector.error_code = "NoError"
            visits.show(charger, connector, connector.resting_status)
