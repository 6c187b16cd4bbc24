"""Many chargers in one process, the drivers that come to them, and their orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import httpx

from simulator import state, visits
from simulator.behaviour import Behaviour
from simulator.car import WS_PER_WH
from simulator.charger import Charger, Surroundings
from simulator.clock import Pace, seeded
from simulator.configuration import Configuration
from simulator.connector import Connector
from simulator.dialling import Identity
from simulator.meter import EnergyRegister
from simulator.phone import NotSoldError, Phone
from simulator.scenarios import SCENARIOS
from simulator.stats import Journal, Statistics

logger = logging.getLogger("simulator")

DEMO_TAGS = tuple(f"DEMO{number:04}" for number in range(1, 9))
SAVE_EVERY_S = 10
CLOSE_WITHIN_S = 1.0
CHATTY_UP_TO = 50
REPORT_EVERY_S = 10
RAMP_PER_S = 200
ROAD_S = 30  # simulated
LEAST_ROAD_S = 0.3


@dataclass(frozen=True)
class Hardware:
    """One kind of charger; power per connector."""

    model: str
    max_power_w: int
    dc: bool


# In the order of the ids: SIM-0001 is the first, SIM-0007 is like SIM-0001.
HARDWARE = (
    Hardware("Simulator AC 22", 22_000, dc=False),
    Hardware("Simulator DC 120", 120_000, dc=True),
    Hardware("Simulator AC 22", 22_000, dc=False),
    Hardware("Simulator DC 60", 60_000, dc=True),
    Hardware("Simulator AC 22", 22_000, dc=False),
    Hardware("Simulator DC 60", 60_000, dc=True),
)


@dataclass(frozen=True)
class FleetOptions:
    """Times of drivers and meters are simulated seconds, those of the network real ones.

    `stay_s` is how long drivers stay; None is a mix of top-ups and long stays. With
    `clock_follows_speed` the chargers' clocks run as fast as the cars: what they report fits
    together, and runs ahead of the world. `ramp_s` spreads the first connections; None takes 5 ms
    per charger.
    """

    chargers: int = 6
    url: str = "ws://127.0.0.1:9000"
    scenario: str = "normal"
    speed: float = 1.0
    seed: int = 1
    prefix: str = "SIM-"
    first: int = 1
    connectors: int = 2
    id_tags: tuple[str, ...] = DEMO_TAGS
    password: str | None = None
    passwords: dict[str, str] = field(default_factory=dict)
    meter_interval_s: int = 15
    heartbeat_s: float | None = None
    gap_s: int = 60
    stay_s: visits.Span | None = None
    clock_follows_speed: bool = False
    ramp_s: float | None = None
    answer_within_s: float = 30.0
    journal: Path | None = None
    state: Path | None = None
    # Where drivers without a card pay, and how many of all drivers are such.
    web: str | None = None
    guests: float = 0.5


class Fleet:
    def __init__(self, options: FleetOptions) -> None:
        self.options = options
        self.stats = Statistics()
        self.journal = Journal(options.journal) if options.journal else None
        self.around = Surroundings(
            Pace(options.speed),
            self.stats,
            self.journal,
            options.heartbeat_s,
            options.answer_within_s,
        )
        self.chargers = [
            self._charger(number)
            for number in range(options.first, options.first + options.chargers)
        ]
        if options.clock_follows_speed:
            self._hurry_clocks()
        if options.state is not None:
            state.restore(self.chargers, options.state)
        self._free_tags = list(options.id_tags)
        self._drivers: list[asyncio.Task[None]] = []

    async def run(self, stop: asyncio.Event, *, grace_s: float = 1.5) -> None:
        """Until `stop` is set; then sessions end, at most `grace_s` long, and sockets close."""
        lives = [asyncio.create_task(self._live(charger)) for charger in self.chargers]
        helpers = [asyncio.create_task(self._keep_state()), asyncio.create_task(self._log())]
        if SCENARIOS[self.options.scenario].drivers:
            self._drivers = [
                asyncio.create_task(self._arrivals(charger, connector))
                for charger in self.chargers
                for connector in charger.connectors
            ]
        await stop.wait()
        await _cancel([*self._drivers, *helpers])
        await self._finish_sessions(grace_s)
        self._save()
        await self._hang_up()
        await _cancel(lives)
        if self.journal is not None:
            self.journal.close()

    # --- Building ---------------------------------------------------------------------------

    def _charger(self, number: int) -> Charger:
        options = self.options
        hardware = HARDWARE[(number - 1) % len(HARDWARE)]
        name = f"{options.prefix}{number:04}"
        rng = seeded(options.seed, name)
        return Charger(
            Identity(
                name,
                options.url,
                options.passwords.get(name, options.password),
                model=hardware.model,
            ),
            [_connector(index + 1, hardware, rng) for index in range(options.connectors)],
            Configuration.of(
                connectors=options.connectors,
                dc=hardware.dc,
                meter_interval=options.meter_interval_s,
            ),
            self._behaviour(number, rng),
            self.around,
        )

    def _behaviour(self, number: int, rng: Random) -> Behaviour:
        return SCENARIOS[self.options.scenario](number, rng)

    def _hurry_clocks(self) -> None:
        began = datetime.now(UTC)
        for charger in self.chargers:
            charger.clock.listens = False
            charger.clock.wall = lambda: began + timedelta(milliseconds=self.around.pace.now_ms())

    # --- Running ----------------------------------------------------------------------------

    async def _live(self, charger: Charger) -> None:
        ramp = self.options.ramp_s
        if ramp is None:
            ramp = len(self.chargers) / RAMP_PER_S
        await asyncio.sleep(charger.behaviour.rng.uniform(0, ramp))
        try:
            await charger.run()
        except Exception:
            self.stats.events["simulator_faults"] += 1
            logger.exception("%s has ended", charger.id)
            raise

    async def _arrivals(self, charger: Charger, connector: Connector) -> None:
        """Drivers come one after another; the first one soon, so that there is something to see."""
        rng = seeded(self.options.seed, charger.id, connector.number, "drivers")
        pace = self.around.pace
        await charger.until_online()
        await pace.sleep(rng.uniform(1, self.options.gap_s / 2))
        while True:
            if charger.operative and connector.free:
                if self.options.web and rng.random() < self.options.guests:
                    await self._guest(charger, connector, rng, self.options.web)
                elif self._free_tags:
                    await self._visit(charger, connector, rng)
            elif connector.visit is not None:  # someone a remote start brought
                await asyncio.wait([connector.visit])
            await pace.sleep(rng.expovariate(1 / self.options.gap_s))

    async def _visit(self, charger: Charger, connector: Connector, rng: Random) -> None:
        """A driver who is nowhere else: one card charges one car at a time."""
        tag = self._free_tags.pop(rng.randrange(len(self._free_tags)))
        visit = visits.Visit.random(rng, [tag], dc=connector.dc, stay_s=self.options.stay_s)
        visits.begin(charger, connector, visit)
        try:
            if connector.visit is not None:
                await asyncio.wait([connector.visit])
        finally:
            # The driver is on the road for a while; meanwhile the Stop reaches the central system.
            road_s = max(LEAST_ROAD_S, self.around.pace.real(ROAD_S))
            asyncio.get_running_loop().call_later(road_s, self._free_tags.append, tag)

    async def _guest(self, charger: Charger, connector: Connector, rng: Random, web: str) -> None:
        """Plugs in, scans the code, pays; the central system then starts what was paid for."""
        visit = visits.Visit.random(rng, [], dc=connector.dc, stay_s=self.options.stay_s)
        visits.begin(charger, connector, visit)
        try:
            await Phone(web, rng).buy(charger.id, connector.number)
            self.stats.events["payments"] += 1
        except (NotSoldError, httpx.HTTPError, TimeoutError) as trouble:
            self.stats.events["drivers_who_could_not_pay"] += 1
            logger.info("%s/%s: %r", charger.id, connector.number, trouble)
            if connector.transaction is None:
                connector.request_stop("Local")
        if connector.visit is not None:
            await asyncio.wait([connector.visit])

    async def _keep_state(self) -> None:
        while self.options.state is not None:
            await asyncio.sleep(SAVE_EVERY_S)
            self._save()

    async def _log(self) -> None:
        """Where there are too many chargers to name them, a line of figures now and then."""
        while len(self.chargers) > CHATTY_UP_TO:
            await asyncio.sleep(REPORT_EVERY_S)
            logger.warning(
                "%s of %s connected, %s sessions started, %s stopped, %s messages answered",
                self.stats.connected,
                len(self.chargers),
                self.stats.sessions_started,
                self.stats.sessions_stopped,
                self.stats.answered.total(),
            )

    # --- Ending -----------------------------------------------------------------------------

    async def _finish_sessions(self, seconds: float) -> None:
        """Whoever charges stops now; offline chargers leave it to their state."""
        online = [charger for charger in self.chargers if charger.online]
        for charger in online:
            for connector in charger.connectors:
                connector.request_stop("Local")
        await asyncio.gather(*(charger.drain(seconds) for charger in online))

    def _save(self) -> None:
        if self.options.state is not None:
            state.save(self.chargers, self.options.state)

    async def _hang_up(self) -> None:
        links = [charger.link for charger in self.chargers if charger.link is not None]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await asyncio.gather(*(link.close() for link in links), return_exceptions=True)


def _connector(number: int, hardware: Hardware, rng: Random) -> Connector:
    register = EnergyRegister(rng.randint(1_000_000, 90_000_000) * WS_PER_WH)
    return Connector(number, hardware.max_power_w, hardware.dc, register)


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
