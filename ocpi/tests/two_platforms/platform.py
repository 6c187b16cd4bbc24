"""One whole platform for a test: database, broker, web, worker with its clock, chargers' door."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg
import redis
from django.conf import settings

from ocpi.tests.two_platforms.road import Road

PATIENCE_S: Final = 40.0
_POLL_S: Final = 0.05
_MODULE: Final = "ocpi.tests.two_platforms.process"


class DeedFailedError(AssertionError):
    """What was to be done in a platform raised; its traceback is the message."""


class Platform:
    """`do(name, **values)` runs a function of `deeds` inside the platform's own process."""

    def __init__(self, name: str, folder: Path, number: int) -> None:
        self.name = name
        self.folder = folder
        self.web_port, self.ocpp_port = free_port(), free_port()
        self.road = Road(free_port(), self.web_port)
        self.environment = _environment(self, number)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._said: queue.Queue[bytes] = queue.Queue()

    @property
    def address(self) -> str:
        return self.road.address

    def start(self, *, with_chargers: bool) -> None:
        """All of its processes at once; `wait` says when they answer."""
        self._start("web", "-m", _MODULE, str(self.web_port), console=True)
        beat = str(self.folder / f"{self.name}-beat")
        self._start(
            "worker",
            *("-m", "celery", "--quiet", "--app", "unievp", "worker", "--concurrency", "2"),
            *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
            *("--beat", "--schedule", beat),
        )
        if with_chargers:
            self._start("ocpp", "-m", "unievp.serve_ocpp")

    def wait(self) -> None:
        ports = {"the web process answers": self.web_port}
        if "ocpp" in self._processes:
            ports["the chargers' door opens"] = self.ocpp_port
        for what, port in ports.items():
            # A busy machine loads ten interpreters at once.
            until(partial(self._listens, port), what, self.troubles, within_s=2 * PATIENCE_S)
        self.do("nothing")

    def do(self, deed: str, **values: Any) -> Any:
        """Raises DeedFailedError with the platform's traceback."""
        web = self._processes["web"]
        assert web.stdin is not None
        web.stdin.write(json.dumps({"deed": deed, "with": values}).encode() + b"\n")
        web.stdin.flush()
        try:
            answer = json.loads(self._said.get(timeout=PATIENCE_S))
        except queue.Empty:
            raise DeedFailedError(f"{self.name}: {deed} took too long\n{self.troubles()}") from None
        if "error" in answer:
            raise DeedFailedError(f"{self.name}: {deed}\n{answer['error']}")
        return answer["result"]

    def until(self, deed: str, **values: Any) -> Any:
        """Until the deed says something true; what it says."""
        return until(lambda: self.do(deed, **values), f"{self.name}: {deed}", self.troubles)

    def troubles(self) -> str:
        """The end of every log, for a test that fails."""
        ends = []
        for name in self._processes:
            text = (self.folder / f"{self.name}-{name}.log").read_text(errors="replace")
            ends.append(f"--- {self.name} {name}\n{text[-2500:]}")
        return "\n".join(ends)

    def stop(self) -> None:
        """All at once, and whatever they started: there is nothing to be saved. Again: nothing."""
        self.road.close()
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self._processes.values():
            process.wait()
        self._processes.clear()

    def _start(self, name: str, *arguments: str, console: bool = False) -> None:
        log = (self.folder / f"{self.name}-{name}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env={**self.environment, "PROCESS_NAME": f"{self.name}-{name}"},
            stdin=subprocess.PIPE if console else subprocess.DEVNULL,
            stdout=subprocess.PIPE if console else log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self._processes[name] = process
        if console:
            threading.Thread(target=self._hear, args=(process,), daemon=True).start()

    def _hear(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b"{"):
                self._said.put(line)

    def _listens(self, port: int) -> bool:
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise AssertionError(f"{self.name} {name} ended\n{self.troubles()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def two_platforms(folder: Path) -> Iterator[tuple[Platform, Platform]]:
    """An operator with a chargers' door, and a mobility provider; both answer."""
    with ExitStack() as stack:
        pair = []
        for number, name in enumerate(("operator", "provider"), start=1):
            platform = Platform(name, folder, number)
            stack.callback(platform.stop)
            stack.enter_context(_database(platform))
            pair.append(platform)
        operator, provider = pair
        operator.start(with_chargers=True)
        provider.start(with_chargers=False)
        operator.wait()
        provider.wait()
        yield operator, provider


def until(
    condition: Callable[[], Any],
    what: str,
    told: Callable[[], str] = str,
    within_s: float = PATIENCE_S,
) -> Any:
    """Poll until it is true; fails by its name, with what the logs say."""
    deadline = time.monotonic() + within_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {within_s:g} s: {what}\n{told()}")
        time.sleep(_POLL_S)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _environment(platform: Platform, number: int) -> Mapping[str, str]:
    """Nothing is shared but the two servers: other keys, another database, another broker."""
    server, _slash, own = os.environ["REDIS_URL"].rpartition("/")
    # The last of the databases that this test session holds (unievp.devtools.testing).
    database = (int(own) // 32 + 1) * 32 - number
    environment = {
        **os.environ,
        "DATABASE_URL": _database_url(number),
        "REDIS_URL": f"{server}/{database}",
        "CHANNEL_PREFIX": f"test-{database}",
        "SECRET_KEY": f"key-of-platform-{number}-" + "0123456789" * 4,
        "FIELD_ENCRYPTION_KEYS": urlsafe_b64encode(bytes([number]) * 32).decode(),
        "DEBUG": "1",
        "OCPI_ALLOW_LOOPBACK": "1",
        "OCPI_PUBLIC_URL": platform.address,
        "PUBLIC_URL": platform.address,
        "OCPP_PORT": str(platform.ocpp_port),
        "BIND": "127.0.0.1",
        "DATA_DIR": str(platform.folder),
        "DJANGO_SETTINGS_MODULE": "unievp.settings",
        "PYTHONUNBUFFERED": "1",
    }
    for name in ("TEST_DATABASE_TEMPLATE", "TEST_DATABASE_NAME", "PYTEST_CURRENT_TEST"):
        environment.pop(name, None)
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        client.flushdb()
    return environment


def _database_url(number: int) -> str:
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{_database_name(number)}"


def _database_name(number: int) -> str:
    """As that of a worker of pytest-xdist: what a killed session leaves is found and dropped."""
    return f"test_uniev_{os.getpid()}_gw{90 + number}"


@contextmanager
def _database(platform: Platform) -> Iterator[None]:
    """A copy of the template that has all migrations."""
    name = platform.environment["DATABASE_URL"].rpartition("/")[2]
    template = os.environ["TEST_DATABASE_TEMPLATE"]
    server = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/postgres"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield
        finally:
            platform.stop()
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
