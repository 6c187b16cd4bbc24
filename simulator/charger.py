"""A charge point: its parts, what befalls it, and what it has to tell."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from simulator import transactions, visits
from simulator.authorization import Authorization
from simulator.behaviour import Behaviour
from simulator.certificates import Certificates
from simulator.clock import Pace
from simulator.configuration import Configuration
from simulator.connector import Connector
from simulator.dialling import Identity
from simulator.link import AnswerTimeoutError, DisconnectedError, Link
from simulator.outbox import Message
from simulator.smart_charging import ProfileStore
from simulator.stats import Journal, Statistics
from simulator.uplink import Uplink
from simulator.wire import CallError, Payload

logger = logging.getLogger("simulator")

FIRMWARE = "2.4.1"
ANSWER_WITHIN_S = 30
RESET_S = 10  # simulated; a real server needs a moment of real time to notice, too
LEAST_RESET_S = 0.5


@dataclass
class Surroundings:
    """What all chargers of a process share; `heartbeat_s` overrides what the boot answer says."""

    pace: Pace
    stats: Statistics
    journal: Journal | None = None
    heartbeat_s: float | None = None
    answer_within_s: float = ANSWER_WITHIN_S


@dataclass
class Charger:
    identity: Identity
    connectors: list[Connector]
    configuration: Configuration
    behaviour: Behaviour
    around: Surroundings
    registered: bool = False
    operative: bool = True
    firmware: str = FIRMWARE
    last_message: str = ""
    link: Link | None = None
    profiles: ProfileStore = field(default_factory=ProfileStore)
    authorization: Authorization = field(default_factory=Authorization)
    certificates: Certificates = field(default_factory=Certificates)

    def __post_init__(self) -> None:
        self.clock = self.behaviour.clock()
        self.authorization.configuration = self.configuration
        self.authorization.now = self.clock.now
        self.outbox = self.behaviour.outbox()
        self._tasks: set[asyncio.Task[None]] = set()
        self.security_log: list[str] = []
        self._told: dict[int, tuple[str, str]] = {}
        self.uplink = Uplink(self)
        for connector in self.connectors:
            connector.ceiling = self._ceiling(connector)

    @property
    def id(self) -> str:
        return self.identity.id

    @property
    def online(self) -> bool:
        return self.link is not None and self.registered

    # --- What befalls it --------------------------------------------------------------------

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run it beside; cancelled with the charger."""
        _ = self.begin(coroutine)

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """The same, for who wants to cancel or await it."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def run(self) -> None:
        """Live until cancelled."""
        self.spawn(self.behaviour.disturb(self))
        try:
            await self.uplink.run()
        finally:
            for task in list(self._tasks):
                task.cancel()

    async def reboot(self) -> None:
        """Close, be away for a while, connect again and boot."""
        self.registered = False
        seconds = max(LEAST_RESET_S, self.around.pace.real(RESET_S))
        await self.uplink.leave(seconds, cut=False)

    async def lose_network(self, *, seconds: float) -> None:
        """The line is cut, the charger goes on by itself, and comes back without a boot."""
        await self.uplink.leave(seconds, cut=True)

    async def lose_power(self, *, seconds: float) -> None:
        """Dark for so many real seconds; then a boot, and what ran is stopped for PowerLoss."""
        self.registered = False
        for connector in self.connectors:
            visits.give_up(self, connector)
        await self.uplink.leave(seconds, cut=True)
        for connector in self.connectors:
            transactions.stop(self, connector, "PowerLoss")
            visits.leave(self, connector)

    async def drain(self, seconds: float) -> None:
        """Until nothing is owed, at most so long."""
        await asyncio.sleep(0.05)  # let stopping sessions put their last message in
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.outbox.empty.wait()

    async def until_online(self) -> None:
        await self.uplink.online.wait()

    def use_password(self, password: str) -> None:
        self.identity = replace(self.identity, password=password)

    def find_connector(self, number: object) -> Connector | None:
        return next((each for each in self.connectors if each.number == number), None)

    # --- Messages out -----------------------------------------------------------------------

    async def call(self, action: str, payload: Payload) -> Payload:
        """A call outside the outbox. Raises CallError, AnswerTimeoutError, DisconnectedError."""
        if self.link is None:
            raise DisconnectedError
        self.last_message = action
        return await self.link.call(action, payload, within=self.around.answer_within_s)

    async def attempt(self, action: str, payload: Payload) -> None:
        """A call whose failure changes nothing."""
        with contextlib.suppress(CallError, AnswerTimeoutError, DisconnectedError):
            await self.call(action, payload)

    async def tell_security(self, kind: str) -> None:
        """SecurityEventNotification (white paper §3): also a line of the security log."""
        self.security_log.append(f"{self.clock.stamp()} {kind}")
        await self.attempt(
            "SecurityEventNotification", {"type": kind, "timestamp": self.clock.stamp()}
        )

    def log_text(self, kind: str) -> str:
        """What GetLog and GetDiagnostics upload."""
        head = f"{self.clock.stamp()} {self.id} firmware {self.firmware}"
        lines = self.security_log if kind == "SecurityLog" else []
        return "\n".join([head, *lines]) + "\n"

    def owe(self, message: Message) -> None:
        self.outbox.add(message)

    def report(self, connector: Connector | None) -> None:
        """Owe the present status of a connector (None: of the charger) if it is a new one."""
        number = connector.number if connector else 0
        status = (self._own_status(), "NoError")
        if connector is not None:
            status = (connector.status, connector.error_code)
        if self._told.get(number) == status:
            return
        self._told[number] = status
        payload: Payload = {
            "connectorId": number,
            "errorCode": status[1],
            "status": status[0],
            "timestamp": self.clock.stamp(),
        }
        self.owe(Message("StatusNotification", payload, number))

    def report_all(self, only: Connector | None = None) -> None:
        """After a boot every connector's status is told anew (errata 3.22)."""
        if only is not None:
            self._told.pop(only.number, None)
            self.report(only)
            return
        self._told.clear()
        self.outbox.forget_statuses(keep_last=False)
        self.report(None)
        for connector in self.connectors:
            self.report(connector)

    def boot_payload(self) -> Payload:
        return {
            "chargePointVendor": self.identity.vendor,
            "chargePointModel": self.identity.model,
            "chargePointSerialNumber": self.id[:25],
            "firmwareVersion": self.firmware,
            "meterType": "UNIEV-M1",
        }

    def _own_status(self) -> str:
        return "Available" if self.operative else "Unavailable"

    def _ceiling(self, connector: Connector) -> Callable[[], int]:
        def watts() -> int:
            if not self.profiles.installed:
                return connector.max_power_w
            limit = self.profiles.limit_w(
                connector.number, self.clock.now(), connector.transaction, connector.phases
            )
            return connector.max_power_w if limit is None else limit

        return watts

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        failure = task.exception()
        if failure is not None and not isinstance(failure, DisconnectedError):
            self.around.stats.events["simulator_faults"] += 1
            logger.error("%s: %r", self.id, failure, exc_info=failure)
