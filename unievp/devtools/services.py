"""The embedded services of one data directory, shared by every process that needs them.

Each user holds a shared lock for as long as it lives; whoever gets the exclusive lock is the last
one and stops the servers. The kernel drops the locks of a killed process, so nothing has to be
counted, and a keeper process waits for that exclusive lock to stop what killed users left running.
"""

import fcntl
import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from unievp.devtools.postgres import Postgres
from unievp.devtools.processes import (
    accepts_connections,
    adopt_orphans,
    file_lock,
    is_alive,
    wait_until,
    write_private,
)
from unievp.devtools.valkey import Valkey


@dataclass(frozen=True)
class State:
    """What runs where, as recorded in `DATA_DIR/services.json` (readable by its owner only)."""

    postgres_port: int
    valkey_port: int
    database_url: str
    redis_url: str
    keeper: int

    @staticmethod
    def file(data_dir: Path) -> Path:
        return data_dir / "services.json"

    @classmethod
    def read(cls, data_dir: Path) -> "State | None":
        try:
            return cls(**json.loads(cls.file(data_dir).read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    @property
    def answers(self) -> bool:
        """Whether both servers accept connections (a cheap look, not the health check)."""
        return accepts_connections(self.postgres_port) and accepts_connections(self.valkey_port)


class Services:
    """PostgreSQL and Valkey of a data directory, in use from `start()` to `release()`."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.resolve()
        self.postgres = Postgres(self.data_dir, durable=durable)
        self.valkey = Valkey(self.data_dir)
        self._users: IO[str] | None = None
        # True when start() found neither server running: nobody else is connected yet.
        self.fresh = False

    def start(self) -> State:
        """Start what does not run yet and return where it is. Raises ServiceError.

        Safe with any number of processes at once: one starts, the others find.
        """
        with file_lock(self.data_dir / "services.lock"):
            self._users = (self.data_dir / "users.lock").open("a")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                return self._start()
            except BaseException:
                self.release()
                raise

    def release(self) -> None:
        """Say goodbye; the last user stops the servers and returns when they are gone."""
        if self._users is None:
            return
        users, self._users = self._users, None
        with users, suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.stop()
            state = State.read(self.data_dir)
            fcntl.flock(users, fcntl.LOCK_UN)
            if state is not None:
                wait_until(lambda: not is_alive(state.keeper), timeout=3)

    def stop(self) -> None:
        """Stop both servers, whoever uses them."""
        self.valkey.stop()
        self.postgres.stop()

    def _start(self) -> State:
        adopt_orphans()
        known = State.read(self.data_dir)
        self.fresh = known is None or not known.answers
        postgres_port, database_url = self.postgres.start(known.postgres_port if known else None)
        valkey_port, redis_url = self.valkey.start(known.valkey_port if known else None)
        keeper = known.keeper if known and is_keeper(known.keeper) else self._start_keeper()
        state = State(postgres_port, valkey_port, database_url, redis_url, keeper)
        if state != known:
            write_private(State.file(self.data_dir), json.dumps(asdict(state)))
        return state

    def _start_keeper(self) -> int:
        # S603: our own interpreter and module.
        keeper = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "unievp.devtools.keeper", str(self.data_dir)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
        # It outlives us on purpose when others still use the servers.
        keeper.returncode = 0
        return keeper.pid


def is_keeper(pid: int) -> bool:
    """Whether `pid` is a living keeper and not a recycled process id."""
    import psutil

    try:
        return is_alive(pid) and "unievp.devtools.keeper" in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
