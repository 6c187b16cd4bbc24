"""What the fleet did, counted; and the journal of what the central system acknowledged."""

from __future__ import annotations

import hashlib
import resource
import statistics
import sys
import time
from array import array
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson

from simulator.clock import seeded
from simulator.meter import ENERGY
from simulator.wire import Payload

LATENCIES_KEPT = 50_000


class Latencies:
    """A uniform sample of the milliseconds from call to answer (reservoir, algorithm R)."""

    def __init__(self, rng: Random) -> None:
        self._kept = array("d")
        self._seen = 0
        self._rng = rng

    def add(self, milliseconds: float) -> None:
        self._seen += 1
        if len(self._kept) < LATENCIES_KEPT:
            self._kept.append(milliseconds)
        elif (place := self._rng.randrange(self._seen)) < LATENCIES_KEPT:
            self._kept[place] = milliseconds

    def summary(self) -> dict[str, float]:
        if not self._kept:
            return {}
        ordered = sorted(self._kept)
        last = len(ordered) - 1
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
        found = {name: round(ordered[round(last * share)], 2) for name, share in shares.items()}
        return {"mean": round(statistics.fmean(ordered), 2), **found}


class Statistics:
    """Counts by OCPP action; `received` are the central system's calls."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.timeouts: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.latencies = Latencies(seeded("latencies"))
        self.chargers_seen: set[str] = set()
        self.connected = 0
        self.connects = 0
        self.reconnects = 0
        self.sessions_started = 0
        self.sessions_stopped = 0
        self.energy_wh = 0
        self._began = time.monotonic()
        self._processor = time.process_time()

    def summary(self) -> dict[str, Any]:
        elapsed = time.monotonic() - self._began
        processor = time.process_time() - self._processor
        return {
            "seconds": round(elapsed, 1),
            "processor_seconds": round(processor, 2),
            "memory_mb": _peak_memory_mb(),
            "chargers_connected": len(self.chargers_seen),
            "connected_at_end": self.connected,
            "connects": self.connects,
            "reconnects": self.reconnects,
            "refused": dict(self.refused),
            "messages": {
                "sent": self.sent.total(),
                "answered": self.answered.total(),
                "errors": self.errors.total(),
                "timeouts": self.timeouts.total(),
                "received": self.received.total(),
            },
            "by_action": {
                action: {
                    "sent": self.sent[action],
                    "answered": self.answered[action],
                    "errors": self.errors[action],
                    "timeouts": self.timeouts[action],
                }
                for action in sorted(self.sent)
            },
            "received": dict(sorted(self.received.items())),
            "sessions": {"started": self.sessions_started, "stopped": self.sessions_stopped},
            "energy_wh": self.energy_wh,
            "latency_ms": self.latencies.summary(),
            "events": dict(sorted(self.events.items())),
        }


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


class Journal:
    """One JSON line for every call the central system answered with a CALLRESULT.

    What is in it must be stored there: a test kills the server and compares. Lines are flushed one
    by one, so the file is complete whatever happens to this process.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def record(
        self, charger: str, message_id: str, action: str, payload: Payload, answer: Payload
    ) -> None:
        line = {
            "charger": charger,
            "message_id": message_id,
            "action": action,
            "connector_id": payload.get("connectorId"),
            "transaction_id": answer.get("transactionId", payload.get("transactionId")),
            "id_tag": payload.get("idTag"),
            "timestamp": _timestamp(payload),
            "meter_wh": _meter(payload),
            "hash": hashlib.sha256(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)).hexdigest()[
                :16
            ],
            "status": payload.get("status"),
            "acknowledged_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        self._file.write(orjson.dumps(line) + b"\n")

    def close(self) -> None:
        self._file.close()


def _timestamp(payload: Payload) -> str | None:
    values = payload.get("meterValue")
    return str(values[0]["timestamp"]) if values else payload.get("timestamp")


def _meter(payload: Payload) -> int | None:
    for name in ("meterStart", "meterStop"):
        if name in payload:
            return int(payload[name])
    for value in payload.get("meterValue", []):
        for sampled in value["sampledValue"]:
            if sampled.get("measurand") == ENERGY:
                return round(float(sampled["value"]))
    return None
