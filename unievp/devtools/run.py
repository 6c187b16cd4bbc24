"""`make run`: the whole platform on one machine, in the foreground, until Ctrl-C or SIGTERM."""

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil

from unievp.devtools.children import Child, Printer, keep_running, run_once, stop_all
from unievp.devtools.environment import create_env_file, export, load_env_file
from unievp.devtools.paths import data_dir
from unievp.devtools.platform import Configuration, ConfigurationError, fleet, servers, welcome
from unievp.devtools.processes import ServiceError, adopt_orphans, port_is_free, wait_until
from unievp.devtools.readiness import missing
from unievp.devtools.services import Services

BASE_DIR = Path(__file__).resolve().parents[2]
# Everything must be gone within 10 s; the embedded servers need the rest.
PATIENCE_S = 5.0
READY_POLL_S = 0.25


class Runner:
    """Starts, watches and stops the processes of one platform."""

    def __init__(self, config: Configuration) -> None:
        self.config = config
        self.setup = Child("setup", [sys.executable, "-m", "unievp.devtools.database"])
        self.servers = servers(config)
        self.fleet = fleet(config)
        self.children = [self.setup, *self.servers, *self.fleet]
        self.printer = Printer([child.name for child in self.children])
        self.stopping = False

    async def run(self) -> int:
        """Run until a signal; returns the exit status."""
        stop = asyncio.Event()
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(signum, stop.set)
        work = asyncio.create_task(self._work())
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
        self.stopping = True
        self.printer.plain("\nStopping …")
        await stop_all(self.children, patience=PATIENCE_S)
        work.cancel()
        with suppress(asyncio.CancelledError):
            return await work
        return 0

    async def _work(self) -> int:
        started = time.monotonic()
        env = dict(os.environ)
        status = await run_once(self.setup, env, self.printer)
        if status != 0:
            self.printer.plain(f"The database could not be prepared (status {status}, see above).")
            return 1
        async with asyncio.TaskGroup() as group:
            keepers = [group.create_task(self._keep(child, env)) for child in self.servers]
            await self._wait_until_ready()
            keepers += [group.create_task(self._keep(child, env)) for child in self.fleet]
            for line in welcome(self.config):
                self.printer.plain(line)
            self.printer.line("setup", f"all processes up {time.monotonic() - started:.1f} s later")
            self.printer.plain("UNIEV is ready")
        return 0

    async def _wait_until_ready(self) -> None:
        announced = time.monotonic()
        while names := await asyncio.to_thread(missing, self.config, os.environ["REDIS_URL"]):
            if time.monotonic() - announced > 30:
                announced = time.monotonic()
                self.printer.line("setup", f"still waiting for {', '.join(names)}")
            await asyncio.sleep(READY_POLL_S)

    async def _keep(self, child: Child, env: Mapping[str, str]) -> None:
        await keep_running(child, env, self.printer, lambda: self.stopping)


def main() -> int:
    """Returns the exit status; every foreseeable trouble is one clear line."""
    adopt_orphans()
    for signum in (signal.SIGTERM, signal.SIGHUP):
        # Until the event loop listens: leave by the ordinary way out, so that all is cleaned up.
        signal.signal(signum, lambda *_: sys.exit(0))
    folder = data_dir(BASE_DIR)
    load_env_file(create_env_file(folder))
    os.environ["DATA_DIR"] = str(folder)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    # A development machine may well be a container with root alone; Celery says so in ten lines.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser")
    os.chdir(BASE_DIR)
    try:
        config = Configuration.read(BASE_DIR, folder)
        with only_one(folder):
            _check_ports(config)
            with _services(folder):
                return asyncio.run(Runner(config).run())
    except (ConfigurationError, ServiceError) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1


def _check_ports(config: Configuration) -> None:
    ports = {
        "PORT": config.port,
        "OCPP_PORT": config.ocpp_port,
        "GATEWAY_PORT": config.gateway_port,
    }
    for name, port in ports.items():
        # A runner that was killed a moment ago may still be ending its servers.
        if not wait_until(partial(port_is_free, port, config.bind), timeout=4):
            message = f"Port {port} on {config.bind} is taken. Choose another one: make run {name}="
            raise ConfigurationError(f"{message}{port + 1}")


@contextmanager
def _services(folder: Path) -> Iterator[None]:
    """The embedded servers, unless the environment names both others."""
    if {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        try:
            yield
        finally:
            _end_stragglers([])
        return
    services = Services(folder)
    state = services.start()
    export(state.database_url, state.redis_url)
    detached = psutil.Process().children()
    try:
        yield
    finally:
        _end_stragglers(detached)
        services.release()


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    with (folder / "run.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"`make run` already runs with DATA_DIR={folder}.") from None
        yield


def _end_stragglers(spared: list[psutil.Process]) -> None:
    """Orphans of our children have become ours (adopt_orphans); none outlives us.

    The embedded servers are spared: others may use them, and the last user stops them gently.
    """
    for child in psutil.Process().children():
        if child not in spared:
            with suppress(psutil.NoSuchProcess):
                for process in [*child.children(recursive=True), child]:
                    process.kill()


if __name__ == "__main__":
    sys.exit(main())
