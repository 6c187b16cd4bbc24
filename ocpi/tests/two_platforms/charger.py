"""A simulated charger, its cars and its drivers, at a platform's chargers' door."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from simulator import visits
from simulator.car import Car
from simulator.fleet import Fleet, FleetOptions

PREFIX = "ROAM-"
IDENTITY = "ROAM-0002"  # the second of the simulator's kinds: DC, 120 kW


class SimulatedCharger:
    def __init__(self, fleet: Fleet, loop: asyncio.AbstractEventLoop) -> None:
        self._charger = fleet.chargers[0]
        self._loop = loop

    @property
    def online(self) -> bool:
        return self._charger.online

    def plug_in_and_show(self, card: str, *, connector: int) -> None:
        """A driver with a card: asks, charges, and stays until somebody stops it."""
        car = Car.arriving(Random(7), dc=True)
        visit = visits.Visit(car, card, identify_s=0, stay_s=3600, linger_s=0)
        outlet = self._charger.connectors[connector - 1]
        self._loop.call_soon_threadsafe(visits.begin, self._charger, outlet, visit)

    def drive_away(self, *, connector: int) -> None:
        """The driver ends it at the charger."""
        outlet = self._charger.connectors[connector - 1]
        self._loop.call_soon_threadsafe(outlet.request_stop, "Local")


@contextmanager
def simulated_charger(ocpp_port: int) -> Iterator[SimulatedCharger]:
    """Idle until a driver or a command comes; at true speed, metered each second."""
    options = FleetOptions(
        chargers=1,
        url=f"ws://127.0.0.1:{ocpp_port}",
        scenario="idle",
        prefix=PREFIX,
        first=2,
        meter_interval_s=1,
        seed=7,
    )
    fleet = Fleet(options)
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(fleet.run(stop),), daemon=True)
    thread.start()
    try:
        yield SimulatedCharger(fleet, loop)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()
