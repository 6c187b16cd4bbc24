"""Days of work: every process real, one set of them for all days."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery import Celery
from django.conf import settings

from chargers.models import Charger, Presence
from e2e.conftest import PHONE, WIDE
from e2e.processes import Program, free_port, listens, running
from payments.tests.fake_gateway import running_gateway

PASSWORD = "a-long-password"
SOON_MS = 30_000
# Each language at one width; the walk over all pages has the other two.
SIDES = pytest.mark.parametrize(
    ("language", "size"), [("id", PHONE), ("en", WIDE)], ids=["indonesian-phone", "english-desk"]
)


@pytest.fixture(scope="package")
def platform(server, tmp_path_factory):
    """The gateway and the chargers' port, with a worker that reacts to events and no beat."""
    port = free_port()
    broker = Celery(broker=settings.REDIS_URL, set_as_current=False)
    broker.control.purge()
    door = Program(["-m", "unievp.serve_ocpp"], lambda: listens(port), {"OCPP_PORT": str(port)})
    worker = Program(
        ["-m", "celery", "-A", "unievp.celery", "worker", "--pool", "solo", "--loglevel", "INFO",
         "--without-gossip", "--without-mingle"],
        lambda: broker.control.ping(timeout=0.5, limit=1),
        {"PENDING_HOLD_HOURS": "0"},
    )  # fmt: skip
    with running_gateway() as gateway, running(tmp_path_factory.mktemp("platform"), door, worker):
        yield gateway, port


@pytest.fixture
def plug_in(platform, tmp_path: Path):
    """`with plug_in(charger):` a simulated charger is connected; its connectors are free."""

    def start(charger: Charger, *, password: str = "", speed: int = 1):
        _gateway, port = platform
        prefix, _dash, number = charger.identity.rpartition("-")
        arguments = [
            "manage.py", "simulate", "--chargers", "1", "--prefix", f"{prefix}-",
            "--first", str(int(number)), "--connectors", str(charger.connectors.count()),
            "--scenario", "idle", "--meter-interval", str(speed), "--speed", str(speed),
            "--url", f"ws://127.0.0.1:{port}",
        ]  # fmt: skip
        arguments += ["--password", password] if password else []
        return running(tmp_path, Program(arguments, lambda: _is_ready(charger)))

    return start


def _is_ready(charger: Charger) -> bool:
    free = charger.connectors.filter(status="Available").count()
    online = Presence.objects.filter(charger=charger, online=True)
    return online.exists() and free == charger.connectors.count()
