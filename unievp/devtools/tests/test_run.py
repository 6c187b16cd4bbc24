import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from unievp.devtools.platform import Configuration, ConfigurationError, fleet, welcome
from unievp.devtools.processes import is_alive, wait_until
from unievp.devtools.services import Services, State

CHECKOUT = Path(__file__).parents[3]
READY = "UNIEV is ready"


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Platform:
    """A `make run` of its own: own data directory, own ports."""

    def __init__(self, folder):
        self.data_dir = folder / "data"
        self.web_port, self.ocpp_port, self.gateway_port = free_ports(3)
        self.log = folder / "output"
        ours = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DEBUG"}
        kept = {k: v for k, v in os.environ.items() if k not in ours and "PYTEST" not in k}
        self.env = kept | {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.web_port),
            "OCPP_PORT": str(self.ocpp_port),
            "GATEWAY_PORT": str(self.gateway_port),
            "SIMULATOR_CHARGERS": "2",
        }
        self.process = None

    def start(self):
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "unievp.devtools.run"],
                cwd=CHECKOUT,
                env=self.env,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def output(self):
        return self.log.read_text()

    def wait_until_ready(self, seconds):
        def settled():
            return READY in self.output().splitlines() or self.process.poll() is not None

        assert wait_until(settled, timeout=seconds, interval=0.1), self.output()
        assert READY in self.output().splitlines(), self.output()

    def processes(self):
        return [self.process.pid, *(p.pid for p in psutil.Process(self.process.pid).children(True))]


@pytest.fixture
def platform(tmp_path):
    made = Platform(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    services = Services(made.data_dir)
    services.stop()
    services.postgres.destroy()


@pytest.fixture
def variables(monkeypatch):
    for name in ("PORT", "OCPP_PORT", "GATEWAY_PORT", "BIND", "SIMULATOR_CHARGERS"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_the_defaults_are_the_contracts(tmp_path, variables):
    config = Configuration.read(tmp_path, tmp_path)
    assert (config.bind, config.port, config.ocpp_port) == ("127.0.0.1", 8000, 9000)
    assert (config.gateway_port, config.simulator_chargers) == (8010, 6)
    assert fleet(config)[0].command[-2:] == ["--chargers", "6"]


def test_no_fleet_is_a_size_too(tmp_path, variables):
    variables.setenv("SIMULATOR_CHARGERS", "0")
    assert fleet(Configuration.read(tmp_path, tmp_path)) == []


@pytest.mark.parametrize("value", ["abc", "-1", "70000", "", "8000.5"])
def test_a_port_that_is_none_is_named(tmp_path, variables, value):
    variables.setenv("OCPP_PORT", value)
    with pytest.raises(ConfigurationError, match=f"^OCPP_PORT={re.escape(value)} is not a number"):
        Configuration.read(tmp_path, tmp_path)


def test_the_welcome_names_addresses_and_logins(tmp_path, variables):
    variables.setenv("PORT", "8100")
    variables.setenv("BIND", "0.0.0.0")
    text = "\n".join(welcome(Configuration.read(tmp_path, tmp_path)))
    for part in (
        "http://127.0.0.1:8100/admin/",
        "admin / unievp-demo",
        "finance / unievp-demo",
        "owner@nusantara.example / unievp-demo",
        "owner@bali.example / unievp-demo",
        ":9000/{charger_id}",
    ):
        assert part.replace("127.0.0.1", "localhost") in text.replace("127.0.0.1", "localhost")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["PORT", "OCPP_PORT", "GATEWAY_PORT"])
def test_a_taken_port_is_refused_with_the_variables_name(platform, name):
    taken = int(platform.env[name])
    with socket.create_server(("127.0.0.1", taken)):
        platform.start()
        assert platform.process.wait(timeout=30) == 1
    expected = (
        f"Port {taken} on 127.0.0.1 is taken. Choose another one: make run {name}={taken + 1}"
    )
    assert platform.output().strip() == expected
    assert State.read(platform.data_dir) is None


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_platform_comes_up_stops_without_a_trace_and_keeps_its_data(platform):
    platform.start()
    platform.wait_until_ready(180)
    state = State.read(platform.data_dir)
    with psycopg.connect(state.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE proof AS SELECT 7 AS id")
    everything = platform.processes()
    assert len(everything) > 8

    started = time.monotonic()
    platform.process.send_signal(signal.SIGTERM)
    assert platform.process.wait(timeout=15) == 0
    assert time.monotonic() - started < 10
    assert [pid for pid in everything if is_alive(pid)] == []

    platform.start()
    platform.wait_until_ready(60)
    state = State.read(platform.data_dir)
    with psycopg.connect(state.database_url) as connection:
        assert connection.execute("SELECT id FROM proof").fetchall() == [(7,)]

    everything = platform.processes()
    platform.process.kill()
    platform.process.wait()
    assert wait_until(lambda: not any(map(is_alive, everything)), timeout=20)
