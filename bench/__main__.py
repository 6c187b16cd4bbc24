"""Measure the chargers' door: `make bench`, or `python -m bench --help`.

Starts PostgreSQL (fsync on) and Valkey of its own, the ocpp process pinned to one core and the
generator pinned to the other, and prints JSON: configuration, processor time per message of ocpp
process and database, latencies, memory per idle connection. Every message is stored before it is
answered; the answer counts only then.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from bench.meters import Meter, cpu_of, cpu_of_tree, rss_kb
from bench.storm import NEIGHBOURS

# Milliseconds of processor time per message, kB, and seconds until the last one is through.
TARGETS = {
    "mix": 0.25,
    "heartbeats": 0.12,
    "kb_per_idle_connection": 45,
    "reconnect_storm_s": 20,
    "portals_p99_ratio": 1.1,
}
RUNS = (
    "heartbeats",
    "mix",
    "heartbeats_paced",
    "mix_paced",
    "starts_in_one_instant",
    "stops_in_one_instant",
    "reconnect_storm",
    "portals",
)
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="uniev-bench-", dir=options.data_dir))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        bench = Bench(options, folder, stack)
        report = bench.run()
    print(json.dumps(report, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--chargers", type=int, default=1000, help="connected chargers")
    parser.add_argument("--busy", type=int, default=100, help="of them talking")
    parser.add_argument("--seconds", type=float, default=10, help="of heartbeats")
    parser.add_argument("--rounds", type=int, default=10, help="transactions of each busy charger")
    parser.add_argument("--rate", type=float, default=400, help="of the paced runs, messages/s")
    parser.add_argument("--storm", type=int, default=2000, help="chargers that reconnect at once")
    parser.add_argument("--portals", type=int, default=500, help="open in the run of that name")
    parser.add_argument("--turns", type=int, default=4, help="of that run, with and without")
    parser.add_argument("--only", choices=RUNS, nargs="+", help="these runs; no memory figure")
    parser.add_argument("--profile", help="file for a cProfile of the ocpp process")
    parser.add_argument("--data-dir", default=None, help="where the database is put")
    return parser.parse_args()


class Bench:
    def __init__(self, options: argparse.Namespace, folder: Path, stack: ExitStack) -> None:
        self.options = options
        self.stack = stack
        self.cores = sorted(os.sched_getaffinity(0))
        self._start_services(folder, stack)
        self._make_fleet()
        self.port = _free_port()
        self.server = self._spawn("bench.server", self.cores[0], stack)
        self.generator = self._spawn("bench.load", self.cores[-1], stack)
        _wait_for(self.port)

    # --- what runs ----------------------------------------------------------------------------

    def _start_services(self, folder: Path, stack: ExitStack) -> None:
        from unievp.devtools.environment import create_env_file, load_env_file
        from unievp.devtools.services import Services

        os.environ["DATA_DIR"] = str(folder)
        load_env_file(create_env_file(folder))
        os.environ["DEBUG"] = "0"
        services = Services(folder, durable=True)
        state = services.start()
        stack.callback(services.release)
        os.environ["DATABASE_URL"] = state.database_url
        os.environ["REDIS_URL"] = state.redis_url
        self.postgres = _listener(state.postgres_port)
        self.valkey = _listener(state.valkey_port)
        # The database shares the core of the ocpp process; the generator has the other one.
        for process in (self.postgres, self.valkey):
            for part in (process, *process.children(recursive=True)):
                part.cpu_affinity([self.cores[0]])

    def _make_fleet(self) -> None:
        import django
        from django.core.management import call_command
        from django.db import connections

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unievp.settings")
        django.setup(set_prefix=False)
        # Models can be imported from here on.
        from bench.fleet import make_fleet

        call_command("migrate", interactive=False, verbosity=0)
        make_fleet(max(self.options.chargers, self.options.storm + NEIGHBOURS))

        connections.close_all()

    def _spawn(self, module: str, core: int, stack: ExitStack) -> subprocess.Popen[str]:
        environment = dict(os.environ)
        if self.options.profile:
            environment["BENCH_PROFILE"] = self.options.profile
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(self.port)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.sched_setaffinity(process.pid, {core})
        stack.callback(_end, process)
        return process

    # --- what is measured ---------------------------------------------------------------------

    def run(self) -> dict[str, Any]:
        options = self.options
        wanted = options.only or RUNS
        memory = None if options.only else self._memory()
        if options.only:
            self._order("connect", chargers=options.chargers)
        if set(wanted) != {"reconnect_storm"}:
            self._order("heartbeats", busy=options.busy, seconds=1)
            self._order("mix", busy=options.busy, rounds=1)
        orders = self._orders()
        runs = {name: self._measure(**orders[name]) for name in orders if name in wanted}
        if "portals" in wanted:
            runs["portals"] = self._with_portals(orders["mix_paced"])
        if "reconnect_storm" in runs:
            runs["reconnect_storm"]["connectors_stored_available"] = _available()
        return {
            "configuration": self._configuration(),
            "targets": TARGETS,
            "kb_per_idle_connection": memory,
            "runs": runs,
        }

    def _orders(self) -> dict[str, dict[str, Any]]:
        """What each run tells the generator."""
        options = self.options
        busy, seconds, rate = options.busy, options.seconds, options.rate
        return {
            "heartbeats": {"do": "heartbeats", "busy": busy, "seconds": seconds},
            "mix": {"do": "mix", "busy": busy, "rounds": options.rounds},
            "heartbeats_paced": {
                "do": "heartbeats",
                "busy": busy,
                "seconds": seconds,
                "rate": rate,
            },
            "mix_paced": {"do": "mix", "busy": busy, "rounds": 2, "rate": rate},
            "starts_in_one_instant": {"do": "instant", "chargers": busy},
            "stops_in_one_instant": {"do": "instant_stop", "chargers": busy},
            "reconnect_storm": {"do": "storm", "chargers": options.storm},
        }

    def _with_portals(self, order: dict[str, Any]) -> dict[str, Any]:
        from bench.portals import Audience, compare, put_first

        options = self.options
        measured = (psutil.Process(one.pid) for one in (self.server, self.generator))
        put_first([*measured, self.postgres, self.valkey])
        audience = Audience(self.cores[-1], self.stack, _end)
        _wait_for(audience.port)
        return compare(
            audience,
            lambda: self._measure(**order),
            portals=options.portals,
            times=options.turns,
        )

    def _memory(self) -> float:
        """Growth of the ocpp process by the second half of the connections, each."""
        process = psutil.Process(self.server.pid)
        half = self.options.chargers // 2
        self._order("connect", chargers=half)
        time.sleep(1)
        before = rss_kb(process)
        self._order("connect", chargers=self.options.chargers - half, first=half + 1)
        time.sleep(1)
        grown: float = rss_kb(process) - before
        return round(grown / int(self.options.chargers - half), 1)

    def _measure(self, do: str, **options: Any) -> dict[str, Any]:
        before = self._meter()
        result = self._order(do, **options)
        used = self._meter() - before
        return {
            "cpu_ms_per_message": used.per_message(result["messages"]),
            "messages_per_s": round(result["messages"] / result["seconds"], 1),
            **result,
        }

    def _order(self, do: str, **options: Any) -> dict[str, Any]:
        stdin, stdout = self.generator.stdin, self.generator.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("The generator has no pipes")
        stdin.write(json.dumps({"do": do, **options}) + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise RuntimeError("The generator ended")
        result: dict[str, Any] = json.loads(answer)
        return result

    def _meter(self) -> Meter:
        return Meter(
            cpu_of(psutil.Process(self.server.pid)),
            cpu_of_tree(self.postgres),
            cpu_of_tree(self.valkey),
        )

    def _configuration(self) -> dict[str, Any]:
        return {
            **{name: value for name, value in vars(self.options).items() if name != "data_dir"},
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cores": len(self.cores),
            "ocpp_and_database_on_core": self.cores[0],
            "generator_on_core": self.cores[-1],
            "fsync": True,
            "load_average": os.getloadavg()[0],
        }


def _listener(port: int) -> psutil.Process:
    for item in psutil.net_connections("tcp4"):
        if item.status == psutil.CONN_LISTEN and item.laddr.port == port and item.pid:
            return psutil.Process(item.pid)
    raise RuntimeError(f"Nothing listens on {port}")


def _available() -> int:
    """Connectors whose reported status is in the database."""
    from django.db import connections

    from chargers.models import Connector

    count = Connector.objects.filter(status="Available").count()
    connections.close_all()
    return count


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("The ocpp process does not listen")


def _end(process: subprocess.Popen[str]) -> None:
    # SIGINT: after SIGTERM uvicorn ends by the signal itself, and a profile would not be written.
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
