"""The rest of the platform beside the web process: chargers' door, worker, gateway, a charger."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def environment(**more: str) -> dict[str, str]:
    """Of a process that works on the test's database."""
    base = os.environ["DATABASE_URL"].rpartition("/")[0]
    return os.environ | {
        "DATABASE_URL": f"{base}/{settings.DATABASES['default']['NAME']}",
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "unievp.settings",
        **more,
    }


@dataclass(frozen=True)
class Program:
    """A Python process, when it is ready, and what is special in its environment."""

    arguments: Sequence[str]
    is_ready: Callable[[], Any]
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def running(logs: Path, *programs: Program) -> Iterator[None]:
    """All of them, started at once and ready, until the end of the block."""
    with ExitStack() as stack:
        started = [
            (program, stack.enter_context(_process(logs / f"{number}.log", program)))
            for number, program in enumerate(programs)
        ]
        deadline = time.monotonic() + PATIENCE_S
        for number, (program, process) in enumerate(started):
            while not program.is_ready():
                if process.poll() is not None or time.monotonic() > deadline:
                    said = (logs / f"{number}.log").read_text()[-3000:]
                    raise RuntimeError(f"{program.arguments} is not ready:\n{said}")
                time.sleep(0.05)
        yield


@contextmanager
def _process(log: Path, program: Program) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *program.arguments],
            cwd=ROOT,
            env=environment(**program.environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def aside(work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call it in a thread of its own: the test's belongs to the browser's event loop."""

    def run() -> Any:
        try:
            return work(*arguments, **options)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(PATIENCE_S)
