"""A connector: its states (OCPP 1.6 §4.9), the car at it, its energy register, its transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from simulator.car import MINIMUM_CURRENT_A, PHASE_VOLTAGE, Car
from simulator.meter import EnergyRegister, Measurement

AC_PHASES = 3
STEP_MS = 10_000  # a car's appetite changes slowly: finer steps change no watt-hour

TRANSITIONS: dict[str, frozenset[str]] = {
    status: frozenset(following.split())
    for status, following in {
        "Available": "Preparing Charging SuspendedEV SuspendedEVSE Reserved Unavailable Faulted",
        "Preparing": "Available Charging SuspendedEV SuspendedEVSE Finishing Faulted",
        "Charging": "Available SuspendedEV SuspendedEVSE Finishing Unavailable Faulted",
        "SuspendedEV": "Available Charging SuspendedEVSE Finishing Unavailable Faulted",
        "SuspendedEVSE": "Available Charging SuspendedEV Finishing Unavailable Faulted",
        "Finishing": "Available Preparing Unavailable Faulted",
        "Reserved": "Available Preparing Unavailable Faulted",
        "Unavailable": "Available Preparing Charging SuspendedEV SuspendedEVSE Faulted",
        "Faulted": "Available Preparing Charging SuspendedEV SuspendedEVSE Finishing Reserved "
        "Unavailable",
    }.items()
}


class TransitionError(ValueError):
    """A state change the specification does not know."""


@dataclass
class Transaction:
    """One transaction as the charger knows it; `id` is None until the central system answered."""

    connector: int
    id_tag: str
    started_at: datetime
    meter_start: int
    id: int | None = None
    reservation_id: int | None = None
    stopped: bool = False
    lost: bool = False  # its StartTransaction was given up


@dataclass(frozen=True)
class Reservation:
    id: int
    id_tag: str
    expires_at: datetime
    parent_id_tag: str | None = None

    def is_for(self, id_tag: str, group: str | None) -> bool:
        """Its own tag, or one whose parent is the reservation's (OCPP 1.6 §5.13)."""
        if id_tag.casefold() == self.id_tag.casefold():
            return True
        parent = self.parent_id_tag
        return bool(parent and group) and str(group).casefold() == str(parent).casefold()


@dataclass
class Connector:
    """`ceiling` is what smart charging allows now, in watts."""

    number: int
    max_power_w: int
    dc: bool = False
    register: EnergyRegister = field(default_factory=EnergyRegister)
    ceiling: Callable[[], int] | None = None
    status: str = "Available"
    error_code: str = "NoError"
    operative: bool = True
    car: Car | None = None
    transaction: Transaction | None = None
    reservation: Reservation | None = None
    power_w: int = 0
    stop_reason: str | None = None
    remote_tag: str | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    visit: asyncio.Task[None] | None = None
    _seen_ms: int = 0

    @property
    def busy(self) -> bool:
        return self.car is not None or (self.visit is not None and not self.visit.done())

    @property
    def free(self) -> bool:
        return not self.busy and self.operative and self.status in ("Available", "Reserved")

    @property
    def offered_w(self) -> int:
        if self.ceiling is None:
            return self.max_power_w
        return max(0, min(self.max_power_w, self.ceiling()))

    @property
    def phases(self) -> int:
        """0 for direct current; otherwise those the car uses."""
        if self.dc:
            return 0
        return self.car.model.ac_phases if self.car is not None else AC_PHASES

    @property
    def resting_status(self) -> str:
        """What the connector shows when no car is there."""
        if not self.operative:
            return "Unavailable"
        return "Reserved" if self.reservation else "Available"

    def move(self, status: str) -> bool:
        """True if that is a change; raises TransitionError for one the specification forbids."""
        if status == self.status:
            return False
        if status not in TRANSITIONS[self.status]:
            message = f"connector {self.number}: {self.status} does not become {status}"
            raise TransitionError(message)
        self.status = status
        return True

    def begin(self, transaction: Transaction, now_ms: int) -> None:
        self.transaction = transaction
        self._seen_ms = now_ms

    def end(self, now_ms: int) -> Transaction | None:
        """The transaction that was running; power is off from now on."""
        self.advance(now_ms)
        transaction, self.transaction = self.transaction, None
        self.power_w = 0
        return transaction

    def unplug(self) -> None:
        self.car = None
        self.power_w = 0
        self.remote_tag = None

    def request_stop(self, reason: str) -> None:
        if self.stop_reason is None:
            self.stop_reason = reason
        self.wake.set()

    def advance(self, now_ms: int) -> None:
        """Let the energy of the time since the last call flow."""
        elapsed, self._seen_ms = now_ms - self._seen_ms, now_ms
        if self.car is None or self.transaction is None:
            return
        while elapsed > 0:
            step = min(elapsed, STEP_MS)
            power = self.car.accepts(self.offered_w, dc=self.dc)
            self.register.add(self.car.charge(power, step, dc=self.dc))
            elapsed -= step
        self.power_w = self.car.accepts(self.offered_w, dc=self.dc)

    def charging_status(self) -> str:
        """Charging, or who it is that suspends it."""
        if self.power_w > 0:
            return "Charging"
        if self.car is None or self.car.satisfied:
            return "SuspendedEV"
        phases = self.car.model.ac_phases
        least = 1 if self.dc else phases * MINIMUM_CURRENT_A * PHASE_VOLTAGE
        return "SuspendedEVSE" if self.offered_w < least else "SuspendedEV"

    def measure(self) -> Measurement:
        soc = self.car.soc if self.car is not None and self.dc else None
        return Measurement(self.register.wh, self.power_w, self.offered_w, self.phases, soc)
