"""What open portals cost the chargers: the same frames, with nobody watching and with many.

The web process (Daphne, as in production) and the viewers share the generator's core and give way
to it: on a machine of their own they would not touch the ocpp process either. What is left, and
measured here, is what the ocpp process and its database have to do for viewers.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

_ROOT = Path(__file__).resolve().parent.parent
# Under root those who are measured come before everybody else; others can only step back.
_FIRST, _LAST = -10, 10
Process = subprocess.Popen[str]


def put_first(processes: Iterable[psutil.Process]) -> None:
    """With all their threads and children, where that is allowed."""
    if os.geteuid():
        return
    for process in processes:
        for part in (process, *process.children(recursive=True)):
            for thread in part.threads():
                os.setpriority(os.PRIO_PROCESS, thread.id, _FIRST)


class Audience:
    """The web process, and the process of those who watch it."""

    def __init__(self, core: int, stack: ExitStack, end: Callable[[Process], None]) -> None:
        self._core = core
        self.port = _free_port()
        environment = {**os.environ, "BENCH_COOKIE": _cookie(), "LOG_LEVEL": "WARNING"}
        web = ["daphne", "--port", str(self.port), "--verbosity", "0", "unievp.asgi:application"]
        for command in (web, ["bench.viewers", str(self.port)]):
            process = self._spawn(command, environment)
            stack.callback(end, process)
        self._viewers = process

    def _spawn(self, command: list[str], environment: dict[str, str]) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.sched_setaffinity(process.pid, {self._core})
        if os.geteuid():
            os.setpriority(os.PRIO_PROCESS, process.pid, _LAST)
        return process

    def order(self, do: str, **options: Any) -> dict[str, Any]:
        stdin, stdout = self._viewers.stdin, self._viewers.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("The viewers have no pipes")
        stdin.write(json.dumps({"do": do, **options}) + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise RuntimeError("The viewers ended")
        result: dict[str, Any] = json.loads(answer)
        return result


def compare(
    audience: Audience, measure: Callable[[], dict[str, Any]], *, portals: int, times: int
) -> dict[str, Any]:
    """`measure` with none and with `portals` open, in turn: the machine's noise hits both."""
    parts, opened = [], 0
    # Opening takes long, so each opening serves two parts: alone, watched, watched, alone, …
    for wanted in ((0, portals, portals, 0) * times)[: 2 * times]:
        if wanted != opened:
            opened = audience.order("open" if wanted else "close", portals=wanted)["open"]
        audience.order("told")
        part = {"portals": opened, **measure()}
        parts.append(part | {"told": audience.order("told")["told"]})
    found = {
        name: _summary([part for part in parts if bool(part["portals"]) == watched])
        for name, watched in (("alone", False), ("watched", True))
    }
    alone, watched = found["alone"], found["watched"]
    return {
        "portals": portals,
        **found,
        "p99_ratio": round(watched["p99_ms"] / alone["p99_ms"], 3),
        "p50_ratio": round(watched["p50_ms"] / alone["p50_ms"], 3),
        "parts": parts,
    }


def _summary(parts: list[dict[str, Any]]) -> dict[str, float]:
    """Medians of the parts' latencies; of the cost of a message the mean, which noise spares."""
    latencies = {
        f"{share}_ms": round(statistics.median(part["latency_ms"][share] for part in parts), 1)
        for share in ("p50", "p99")
    }
    costs = [part["cpu_ms_per_message"]["total"] for part in parts]
    return {**latencies, "cpu_ms_per_message": round(statistics.mean(costs), 3)}


def _cookie() -> str:
    """Of a person of the company whose chargers talk."""
    from django.conf import settings
    from django.db import connections
    from django.test import Client

    from cpo.models import CPO, Membership, Role, User

    owner = User.objects.create_user("viewer")
    Membership.objects.create(user=owner, cpo=CPO.objects.get(name="Bench"), role=Role.OWNER)
    client = Client()
    client.force_login(owner)
    connections.close_all()
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
