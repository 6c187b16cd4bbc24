"""Our launcher for the embedded PostgreSQL: initialise, start, health-check, stop.

Only binaries of the wheel are run (initdb, pg_ctl), never its own start-up code. What an earlier
run left behind (a stale postmaster.pid, a server without its postmaster, a port taken by someone
else) is recognised by looking at the processes, not by trusting files.
"""

import hashlib
import json
import os
import secrets
import shutil
import signal
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil
import psycopg

from unievp.devtools.pgbinaries import Account, installation, server_account, shared_home
from unievp.devtools.processes import (
    LOOPBACK,
    ServiceError,
    choose_port,
    execute,
    is_alive,
    stop_processes,
    tail,
    write_private,
)

USER = DATABASE = "uniev"
START_TRIES = 4
_DURABLE = ""
_DISPOSABLE = """
fsync = off
full_page_writes = off
synchronous_commit = off
"""
_SETTINGS = """\
# Written by unievp.devtools at every start.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 128MB
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
wal_level = minimal
max_wal_senders = 0
"""


@dataclass(frozen=True)
class Cluster:
    """One database cluster: where it lives and its password, recorded in the data directory."""

    path: Path
    password: str


class Postgres:
    """The PostgreSQL of one data directory.

    `durable=False` trades crash safety for speed: for tests, whose data nobody misses.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.folder = data_dir.resolve() / "postgres"
        self.durable = durable
        self.account: Account = server_account()

    @cached_property
    def record(self) -> Path:
        return self.folder / "cluster.json"

    @property
    def cluster(self) -> Cluster | None:
        """The recorded cluster, if it is really there."""
        if not self.record.exists():
            return None
        content = json.loads(self.record.read_text())
        found = Cluster(Path(content["path"]), content["password"])
        return found if (found.path / "data" / "PG_VERSION").exists() else None

    def start(self, preferred_port: int | None = None) -> tuple[int, str]:
        """Start (or take over a healthy server of an earlier run); return its port and URL.

        Raises ServiceError with the end of the server's log if it does not come up.
        """
        cluster = self._own_cluster() or self._initialise()
        running = self._healthy_port(cluster)
        if running is not None:
            return running, self.url(cluster, running)
        self._clear_remains(cluster)
        port = preferred_port
        for _attempt in range(START_TRIES):
            port = choose_port(port)
            if self._launch(cluster, port):
                _create_database(self.url(cluster, port, "postgres"))
                return port, self.url(cluster, port)
            port = None
        message = f"PostgreSQL does not start. The end of {self.log(cluster)}:"
        raise ServiceError(f"{message}\n{tail(self.log(cluster))}")

    def stop(self) -> None:
        """Stop fast, then by force. Returns when no process of the cluster is left."""
        cluster = self.cluster
        if cluster is None:
            return
        pid = self._postmaster(cluster)
        if pid is not None:
            stop_processes([pid], (signal.SIGINT, 6), (signal.SIGQUIT, 2))
        self._clear_remains(cluster)

    def destroy(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        if (cluster := self.cluster) is not None:
            shutil.rmtree(cluster.path)
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self, cluster: Cluster) -> list[int]:
        """Every process of this cluster: a postmaster and its children work in the data folder."""
        data = str(cluster.path / "data")
        found: list[int] = []
        for process in psutil.process_iter(["pid", "name"]):
            if not str(process.info["name"]).startswith("postgres"):
                continue
            try:
                if process.cwd() == data and is_alive(process.pid):
                    found.append(process.pid)
            except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return found

    def url(self, cluster: Cluster, port: int, database: str = DATABASE) -> str:
        return f"postgres://{USER}:{cluster.password}@{LOOPBACK}:{port}/{database}"

    def log(self, cluster: Cluster) -> Path:
        return cluster.path / "server.log"

    # --- The cluster's place ------------------------------------------------------------------

    def _own_cluster(self) -> Cluster | None:
        """The recorded cluster unless it is another checkout's (this one is a copy of that)."""
        cluster = self.cluster
        if cluster is None or cluster.path.is_relative_to(self.folder):
            return cluster
        owner = (cluster.path / "owner").read_text()
        if owner == str(self.folder):
            return cluster
        if Path(owner).exists():
            return None
        (cluster.path / "owner").write_text(str(self.folder))
        return cluster

    def _new_place(self) -> Path:
        """A folder for a new cluster; what a deleted checkout left under our name goes."""
        if self.account.uid is None:
            place = self.folder / "cluster"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True, mode=0o700)
            return place
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        place = shared_home() / f"cluster-{name}"
        if place.exists():
            self._clear_remains(Cluster(place, ""))
            shutil.rmtree(place)
        place.mkdir(mode=0o700)
        self.account.give(place)
        (place / "owner").write_text(str(self.folder))
        return place

    def _initialise(self) -> Cluster:
        cluster = Cluster(self._new_place(), secrets.token_urlsafe(24))
        password_file = cluster.path / "password"
        write_private(password_file, cluster.password)
        self.account.give(password_file)
        common = (
            "--pgdata", cluster.path / "data", "--username", USER, "--pwfile", password_file,
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-instructions",
        )  # fmt: skip
        result = self._run("initdb", *common, "--locale", "C.UTF-8", cluster=cluster)
        if result != "":
            # Some systems do not know C.UTF-8; C sorts the same.
            shutil.rmtree(cluster.path / "data", ignore_errors=True)
            result = self._run("initdb", *common, "--locale", "C", cluster=cluster)
        password_file.unlink()
        if result != "":
            raise ServiceError(f"initdb failed:\n{result}")
        with (cluster.path / "data" / "postgresql.conf").open("a") as settings:
            settings.write("\ninclude_if_exists = 'uniev.conf'\n")
        content = {"path": str(cluster.path), "password": cluster.password}
        write_private(self.record, json.dumps(content))
        return cluster

    # --- The server ---------------------------------------------------------------------------

    def _launch(self, cluster: Cluster, port: int) -> bool:
        settings = cluster.path / "data" / "uniev.conf"
        mode = _DURABLE if self.durable else _DISPOSABLE
        settings.write_text(f"{_SETTINGS}port = {port}\n{mode}")
        self.account.give(settings)
        self.log(cluster).unlink(missing_ok=True)
        failure = self._run(
            "pg_ctl", "start", "--wait", "--timeout", "60", "--silent",
            "--pgdata", cluster.path / "data", "--log", self.log(cluster), cluster=cluster,
        )  # fmt: skip
        if failure:
            self._clear_remains(cluster)
        return failure == ""

    def _run(self, program: str, *arguments: str | Path, cluster: Cluster) -> str:
        """Run a PostgreSQL program as the server's account; its output if it failed, else ''."""
        result = execute(
            [installation() / "bin" / program, *arguments],
            user=self.account.uid,
            group=self.account.gid,
            cwd=cluster.path,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        )
        if result.returncode == 0:
            return ""
        return result.stdout.decode(errors="replace") or f"exit status {result.returncode}"

    def _postmaster(self, cluster: Cluster) -> int | None:
        """The postmaster named in postmaster.pid, if that process is really this cluster's."""
        try:
            pid = int((cluster.path / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if pid in self.processes(cluster) else None

    def _healthy_port(self, cluster: Cluster) -> int | None:
        if self._postmaster(cluster) is None:
            return None
        lines = (cluster.path / "data" / "postmaster.pid").read_text().splitlines()
        try:
            port = int(lines[3])
            with psycopg.connect(self.url(cluster, port), connect_timeout=5) as connection:
                connection.execute("SELECT 1")
        except (IndexError, ValueError, psycopg.Error):
            return None
        return port

    def _clear_remains(self, cluster: Cluster) -> None:
        """End what is left of a server and remove its lock file; PostgreSQL recovers at start."""
        left = self.processes(cluster)
        if not stop_processes(left, (signal.SIGQUIT, 2), (signal.SIGKILL, 5)):
            raise ServiceError(f"PostgreSQL processes do not end: {left}")
        (cluster.path / "data" / "postmaster.pid").unlink(missing_ok=True)


def _create_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if known.fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
