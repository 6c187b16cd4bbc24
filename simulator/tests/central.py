"""A small central system on the foreign `ocpp` package, for the simulator to talk to."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import Action
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from simulator.fleet import Fleet, FleetOptions


def utc_now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Central:
    """What it heard, in order, and how it behaves."""

    messages: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    frames: list[tuple[str, list[Any]]] = field(default_factory=list)
    chargers: dict[str, Any] = field(default_factory=dict)
    connections: dict[str, int] = field(default_factory=dict)
    refused_tags: set[str] = field(default_factory=set)
    boot_answers: list[tuple[str, int]] = field(default_factory=list)
    heartbeat_interval: int = 300
    passwords: dict[str, str] = field(default_factory=dict)
    known: set[str] | None = None
    refuse_starts: bool = False
    swallow: set[str] = field(default_factory=set)
    starts: dict[tuple[Any, ...], int] = field(default_factory=dict)
    started: dict[int, dict[str, Any]] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def of(self, action: str, charger: str | None = None) -> list[dict[str, Any]]:
        return [
            payload
            for who, what, payload in self.messages
            if what == action and charger in (None, who)
        ]

    def statuses(self, charger: str, connector: int) -> list[str]:
        return [
            payload["status"]
            for payload in self.of("StatusNotification", charger)
            if payload["connector_id"] == connector
        ]

    def transaction_for(self, key: tuple[Any, ...]) -> int:
        return self.starts.setdefault(key, len(self.starts) + 1)


class Recorder:
    """The connection as the `ocpp` package wants it; keeps raw frames and swallows on order."""

    def __init__(self, socket: Any, central: Central, charger: str) -> None:
        self._socket, self._central, self._charger = socket, central, charger

    async def recv(self) -> str:
        while True:
            text = await self._socket.recv()
            frame = json.loads(text)
            self._central.frames.append((self._charger, frame))
            if frame[0] == 2 and frame[2] in self._central.swallow:
                continue
            return text

    async def send(self, text: str) -> None:
        await self._socket.send(text)


class CentralChargePoint(ChargePoint):
    central: Central

    def heard(self, action: str, payload: dict[str, Any]) -> None:
        self.central.messages.append((self.id, action, payload))

    def info(self, id_tag: str) -> dict[str, str]:
        return {"status": "Invalid" if id_tag in self.central.refused_tags else "Accepted"}

    @on(Action.boot_notification)
    def on_boot(self, **payload):
        self.heard("BootNotification", payload)
        answers = self.central.boot_answers
        status, interval = (
            answers.pop(0) if answers else ("Accepted", self.central.heartbeat_interval)
        )
        return call_result.BootNotification(utc_now(), interval, status)

    @on(Action.heartbeat)
    def on_heartbeat(self):
        self.heard("Heartbeat", {})
        return call_result.Heartbeat(utc_now())

    @on(Action.status_notification)
    def on_status(self, **payload):
        self.heard("StatusNotification", payload)
        return call_result.StatusNotification()

    @on(Action.authorize)
    def on_authorize(self, **payload):
        self.heard("Authorize", payload)
        return call_result.Authorize(self.info(payload["id_tag"]))

    @on(Action.start_transaction)
    def on_start(self, **payload):
        self.heard("StartTransaction", payload)
        key = (self.id, payload["connector_id"], payload["timestamp"], payload["meter_start"])
        number = self.central.transaction_for(key)
        self.central.started[number] = payload
        verdict = {"status": "Blocked"} if self.central.refuse_starts else self.info("")
        return call_result.StartTransaction(number, verdict)

    @on(Action.meter_values, skip_schema_validation=True)
    def on_meter_values(self, **payload):
        self.heard("MeterValues", payload)
        return call_result.MeterValues()

    @on(Action.stop_transaction)
    def on_stop(self, **payload):
        self.heard("StopTransaction", payload)
        return call_result.StopTransaction({"status": "Accepted"})

    @on(Action.firmware_status_notification)
    def on_firmware(self, **payload):
        self.heard("FirmwareStatusNotification", payload)
        return call_result.FirmwareStatusNotification()

    @on(Action.diagnostics_status_notification)
    def on_diagnostics(self, **payload):
        self.heard("DiagnosticsStatusNotification", payload)
        return call_result.DiagnosticsStatusNotification()

    @on(Action.log_status_notification)
    def on_log(self, **payload):
        self.heard("LogStatusNotification", payload)
        return call_result.LogStatusNotification()

    @on(Action.signed_firmware_status_notification)
    def on_signed_firmware(self, **payload):
        self.heard("SignedFirmwareStatusNotification", payload)
        return call_result.SignedFirmwareStatusNotification()

    @on(Action.security_event_notification)
    def on_security_event(self, **payload):
        self.heard("SecurityEventNotification", payload)
        return call_result.SecurityEventNotification()

    @on(Action.sign_certificate)
    def on_sign_certificate(self, **payload):
        self.heard("SignCertificate", payload)
        return call_result.SignCertificate("Accepted")


def _door(central: Central):
    def check(connection, request):
        charger = request.path.lstrip("/")
        if central.known is not None and charger not in central.known:
            return connection.respond(HTTPStatus.NOT_FOUND, "unknown\n")
        if charger in central.passwords:
            wanted = base64.b64encode(f"{charger}:{central.passwords[charger]}".encode()).decode()
            if request.headers.get("Authorization") != f"Basic {wanted}":
                return connection.respond(HTTPStatus.UNAUTHORIZED, "who?\n")
        return None

    return check


@asynccontextmanager
async def running(central: Central, port: int = 0):
    async def connected(socket):
        charger = socket.request.path.lstrip("/")
        point = CentralChargePoint(charger, Recorder(socket, central, charger))
        point.central = central
        central.chargers[charger] = point
        central.connections[charger] = central.connections.get(charger, 0) + 1
        with suppress(ConnectionClosed):
            await point.start()

    async with serve(
        connected,
        "127.0.0.1",
        port,
        subprotocols=[Subprotocol("ocpp1.6")],
        process_request=_door(central),
        ping_interval=None,
        close_timeout=0.2,
    ) as server:
        central.port = server.sockets[0].getsockname()[1]
        yield central


async def until(condition, within: float = 10.0) -> None:
    """Wait for a condition to become true, or fail."""
    deadline = time.monotonic() + within
    for _ in iter(lambda: bool(condition()), True):
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


LONG = (1500, 2400)


@asynccontextmanager
async def fleet_at(central: Central, **options):
    """A fleet connected to it; ends its sessions and its sockets on the way out."""
    given = {
        "chargers": 1,
        "connectors": 1,
        "ramp_s": 0.0,
        "stay_s": LONG,
        "url": central.url,
        **options,
    }
    grace_s = given.pop("grace_s", 2.0)
    fleet = Fleet(FleetOptions(**given))
    stop = asyncio.Event()
    running_fleet = asyncio.create_task(fleet.run(stop, grace_s=grace_s))
    try:
        yield fleet
    finally:
        stop.set()
        await running_fleet
    assert fleet.stats.events["simulator_faults"] == 0
