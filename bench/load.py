"""The generator: its own process on its own core, told what to do by one JSON line each.

    {"do": "connect", "chargers": 1000}    {"do": "instant", "chargers": 100}
    {"do": "heartbeats", "busy": 100, "seconds": 10, "rate": 0}
    {"do": "mix", "busy": 100, "rounds": 5}    {"do": "storm", "chargers": 2000}
    {"do": "instant_stop", "chargers": 100}    {"do": "quit"}

Answers one JSON line: messages, seconds, latencies in ms, errors.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import uvloop

from bench.storm import Storm, percentiles
from bench.wire import Charger

SAMPLES = [
    ("Energy.Active.Import.Register", "Wh", None),
    ("Power.Active.Import", "W", None),
    ("Current.Import", "A", "L1"),
    ("Current.Import", "A", "L2"),
    ("Current.Import", "A", "L3"),
    ("Voltage", "V", "L1-N"),
    ("SoC", "Percent", None),
    ("Temperature", "Celsius", None),
]


class Generator:
    def __init__(self, port: int) -> None:
        self.port = port
        self.chargers: list[Charger] = []
        self.latencies: list[float] = []
        self.errors = 0
        self.number = 0
        # Each run is another day: its sessions are new ones.
        self.epoch = datetime.now(tz=UTC).replace(microsecond=0) - timedelta(hours=20)

    async def connect(self, chargers: int, first: int = 1) -> None:
        for start in range(0, chargers, 100):
            batch = [
                Charger(f"BENCH-{first + start + offset:05}")
                for offset in range(min(100, chargers - start))
            ]
            statuses = await asyncio.gather(*[c.open("127.0.0.1", self.port) for c in batch])
            self.errors += sum(status != 101 for status in statuses)
            self.chargers += batch

    async def call(self, charger: Charger, action: str, payload: str) -> Any:
        self.number += 1
        started = time.perf_counter()
        answer = json.loads(await charger.call(f'[2,"{self.number}","{action}",{payload}]'))
        self.latencies.append(time.perf_counter() - started)
        if answer[0] != 3:
            self.errors += 1
            return {}
        return answer[2]

    async def heartbeats(self, busy: int, seconds: float, rate: float = 0) -> None:
        """`rate`: messages per second of all chargers; 0: each as fast as it is answered."""
        end = time.perf_counter() + seconds
        pause = busy / rate if rate else 0

        async def beat(charger: Charger, offset: float) -> None:
            due = time.perf_counter() + offset
            while time.perf_counter() < end:
                if pause:
                    await asyncio.sleep(max(0, due - time.perf_counter()))
                    due += pause
                await self.call(charger, "Heartbeat", "{}")

        await asyncio.gather(
            *[beat(c, pause * i / busy) for i, c in enumerate(self.chargers[:busy])]
        )

    async def mix(self, busy: int, rounds: int, rate: float = 0) -> None:
        """Start, 10 MeterValues of 8 values, Stop, and again."""
        pause = busy / rate if rate else 0

        async def work(charger: Charger, offset: float) -> None:
            await asyncio.sleep(offset)
            for _ in range(rounds):
                transaction = await self.start(charger)
                for step in range(1, 11):
                    if pause:
                        await asyncio.sleep(pause)
                    await self.meter_values(charger, transaction, step)
                await self.stop(charger, transaction)

        await asyncio.gather(
            *[work(c, pause * i / busy) for i, c in enumerate(self.chargers[:busy])]
        )

    async def instant(self, chargers: int) -> None:
        """All of them start in the same instant."""
        group = self.chargers[:chargers]
        transactions = await asyncio.gather(*[self.start(charger) for charger in group])
        for charger, transaction in zip(group, transactions, strict=True):
            charger.state["transaction"] = transaction

    async def instant_stop(self, chargers: int) -> None:
        """All of those stop in the same instant."""
        await asyncio.gather(
            *[self.stop(c, c.state["transaction"]) for c in self.chargers[:chargers]]
        )

    async def storm(self, chargers: int) -> dict[str, Any]:
        """All sockets break at once; everyone comes back with Boot and two statuses."""
        for charger in self.chargers:
            charger.close()
        await asyncio.sleep(1)
        storm = Storm(self, chargers)
        self.chargers = [*storm.chargers, *storm.neighbours]
        result = await storm.run()
        self.errors += storm.refused + storm.lost
        return result

    async def start(self, charger: Charger) -> int:
        state = charger.state
        state["meter"] = state.get("meter", 1000)
        state["clock"] = state.get("clock", self.epoch) + timedelta(seconds=60)
        answer = await self.call(
            charger,
            "StartTransaction",
            f'{{"connectorId":1,"idTag":"{charger.identity}","meterStart":{state["meter"]},'
            f'"timestamp":"{_time(state["clock"])}"}}',
        )
        transaction: int = answer.get("transactionId", 0)
        return transaction

    async def meter_values(self, charger: Charger, transaction: int, step: int) -> None:
        state = charger.state
        state["meter"] += 120
        state["clock"] += timedelta(seconds=10)
        values = [state["meter"], 7200, 10.4, 10.5, 10.3, 231.2, 20 + step, 31.5]
        samples = ",".join(
            f'{{"value":"{value}","context":"Sample.Periodic","measurand":"{measurand}",'
            + (f'"phase":"{phase}",' if phase else "")
            + f'"location":"Outlet","unit":"{unit}"}}'
            for value, (measurand, unit, phase) in zip(values, SAMPLES, strict=True)
        )
        await self.call(
            charger,
            "MeterValues",
            f'{{"connectorId":1,"transactionId":{transaction},"meterValue":[{{"timestamp":'
            f'"{_time(state["clock"])}","sampledValue":[{samples}]}}]}}',
        )

    async def stop(self, charger: Charger, transaction: int) -> None:
        state = charger.state
        state["meter"] += 50
        state["clock"] += timedelta(seconds=10)
        await self.call(
            charger,
            "StopTransaction",
            f'{{"transactionId":{transaction},"meterStop":{state["meter"]},'
            f'"timestamp":"{_time(state["clock"])}","idTag":"{charger.identity}","reason":"Local"}}',
        )

    async def measured(self, work: Callable[..., Awaitable[Any]], **options: Any) -> dict[str, Any]:
        self.latencies, self.errors = [], 0
        started, cpu = time.perf_counter(), time.process_time()
        more = await work(**options)
        seconds = time.perf_counter() - started
        return {
            "messages": len(self.latencies),
            "errors": self.errors,
            "seconds": round(seconds, 3),
            "generator_cpu_s": round(time.process_time() - cpu, 3),
            "latency_ms": percentiles(self.latencies),
            **(more or {}),
        }


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


async def main(port: int) -> None:
    generator = Generator(port)
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        order = json.loads(line) if line else {"do": "quit"}
        name = order.pop("do")
        if name == "quit":
            return
        answer = await generator.measured(getattr(generator, name), **order)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
