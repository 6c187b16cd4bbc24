"""The reconnect storm: every socket breaks at once, and everyone comes back in the same instant.

Each charger opens with Basic authentication, says BootNotification and the status of two
connectors. Neighbours whose sockets did not break beat on; what they wait is measured apart.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol

from bench.wire import Charger

# Besides the chargers of the storm.
NEIGHBOURS = 20
_BEAT_S = 0.5
_BOOT = '{"chargePointVendor":"Bench","chargePointModel":"B1","firmwareVersion":"1.0"}'


class Caller(Protocol):
    """What the generator gives: a call is counted and its latency noted."""

    port: int
    latencies: list[float]

    async def call(self, charger: Charger, action: str, payload: str) -> Any: ...


class Storm:
    def __init__(self, caller: Caller, chargers: int) -> None:
        self.caller = caller
        self.chargers = [Charger(f"BENCH-{number:05}") for number in range(1, chargers + 1)]
        self.neighbours = [
            Charger(f"BENCH-{number:05}")
            for number in range(chargers + 1, chargers + NEIGHBOURS + 1)
        ]
        self.through = self.refused = self.lost = 0
        self.waits: list[float] = []

    async def run(self) -> dict[str, Any]:
        """Seconds until the last one is through, how many were, and the neighbours' latencies."""
        port = self.caller.port
        await asyncio.gather(*[one.open("127.0.0.1", port) for one in self.neighbours])
        beating = [asyncio.create_task(self._beat(one)) for one in self.neighbours]
        started = time.perf_counter()
        await asyncio.gather(*[self._come_back(one) for one in self.chargers])
        seconds = time.perf_counter() - started
        for task in beating:
            task.cancel()
        await asyncio.gather(*beating, return_exceptions=True)
        return {
            "seconds": round(seconds, 3),
            "through": self.through,
            "refused": self.refused,
            "lost": self.lost,
            "neighbours": {
                "beats": len(self.waits),
                "disconnected": sum(not one.is_open for one in self.neighbours),
                "latency_ms": percentiles(self.waits),
            },
        }

    async def _come_back(self, charger: Charger) -> None:
        started = time.perf_counter()
        try:
            status = await charger.open("127.0.0.1", self.caller.port)
            self.caller.latencies.append(time.perf_counter() - started)
            if status != 101:
                self.refused += 1
                return
            answer = await self.caller.call(charger, "BootNotification", _BOOT)
            if answer.get("status") != "Accepted":
                self.refused += 1
                return
            for connector in (1, 2):
                await self.caller.call(
                    charger,
                    "StatusNotification",
                    f'{{"connectorId":{connector},"status":"Available","errorCode":"NoError",'
                    f'"timestamp":"{_now()}"}}',
                )
        except OSError:
            self.lost += 1
            return
        self.through += 1

    async def _beat(self, charger: Charger) -> None:
        with suppress(OSError):
            while True:
                started = time.perf_counter()
                await charger.call('[2,"beat","Heartbeat",{}]')
                self.waits.append(time.perf_counter() - started)
                await asyncio.sleep(_BEAT_S)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds; zeros for nothing."""
    ordered = sorted(1000 * value for value in seconds) or [0.0]
    return {
        name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    }


def _now() -> str:
    return datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
