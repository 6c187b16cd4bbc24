"""Processor time and memory of other processes, from /proc through psutil."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


def cpu_of(process: psutil.Process) -> float:
    """Seconds of user and system time, all threads."""
    times = process.cpu_times()
    return float(times.user + times.system)


def cpu_of_tree(process: psutil.Process) -> float:
    """A process, its living children, and those that ended and were waited for."""
    total = (
        cpu_of(process) + process.cpu_times().children_user + process.cpu_times().children_system
    )
    for child in process.children(recursive=True):
        try:
            total += cpu_of(child)
        except psutil.NoSuchProcess:
            continue
    return float(total)


def rss_kb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1024


@dataclass(frozen=True)
class Meter:
    """What the system under test has used so far; subtract two of them."""

    server: float
    postgres: float
    valkey: float

    def __sub__(self, other: Meter) -> Meter:
        return Meter(
            self.server - other.server,
            self.postgres - other.postgres,
            self.valkey - other.valkey,
        )

    def per_message(self, messages: int) -> dict[str, float]:
        """Milliseconds for one message; `total` is ocpp process and database."""

        def share(seconds: float) -> float:
            return round(1000 * seconds / max(1, messages), 4)

        return {
            "total": share(self.server + self.postgres),
            "ocpp_process": share(self.server),
            "postgres": share(self.postgres),
            "valkey": share(self.valkey),
        }
