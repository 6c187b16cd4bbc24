"""The ocpp process is killed while a fleet reports: what was acknowledged is stored, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from chargers.models import (
    ChargingSession,
    Direction,
    Frame,
    MeterReading,
    OrphanStop,
    SessionStatus,
    SessionStatusChange,
)
from chargers.ocpp.tests.fleet import make_charger, make_token
from cpo.models import CPO, CPOStatus
from unievp.devtools.processes import choose_port, wait_until
from unievp.lib import clock

CHARGERS = 200
ENOUGH = {"StartTransaction": 200, "MeterValues": 1000, "StopTransaction": 100}
DEADLINE_S = 90

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


@pytest.fixture
def environment():
    """What the processes of the platform need to find the test's own database."""
    given = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**given)
    port = choose_port(None)
    return os.environ | {
        "DATABASE_URL": url,
        "OCPP_PORT": str(port),
        "PYTHONPATH": str(settings.BASE_DIR),
    }


@pytest.fixture
def fleet_rows():
    CPO.objects.create(name="Crash", status=CPOStatus.VERIFIED, verified_at=clock.now())
    for number in range(1, CHARGERS + 1):
        make_charger(f"SIM-{number:04}")
        make_token(f"CRASH{number:04}")
        make_token(f"CRASH{number + CHARGERS:04}")


@contextmanager
def running(arguments, environment, **options):
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, cwd=settings.BASE_DIR, **options
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.kill()
        process.wait()


@contextmanager
def ocpp_process(environment):
    with running(["-m", "unievp.serve_ocpp"], environment) as process:
        health = f"http://127.0.0.1:{environment['OCPP_PORT']}/healthz"

        def answers():
            with suppress(OSError), urlopen(health, timeout=2) as response:
                return response.status == 200
            return False

        assert wait_until(answers, timeout=30)
        yield process


@contextmanager
def simulated_fleet(environment, journal: Path):
    command = [
        *("manage.py", "simulate", "--chargers", str(CHARGERS), "--scenario", "normal"),
        *("--url", f"ws://127.0.0.1:{environment['OCPP_PORT']}", "--journal", str(journal)),
        *("--speed", "60", "--meter-interval", "60", "--stay", "300-900", "--gap", "60"),
        *("--id-tags", f"CRASH0001..CRASH{2 * CHARGERS:04}", "--ramp", "2", "--seed", "7"),
    ]
    with running(command, environment, stdout=subprocess.DEVNULL) as process:
        yield process


def acknowledged(journal: Path):
    written = journal.read_bytes() if journal.exists() else b""
    # The fleet may be in the middle of a line.
    whole, _newline, _rest = written.rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()]


def wait_for_more(journal: Path, before: Counter[str]):
    def enough():
        counts = Counter(line["action"] for line in acknowledged(journal))
        return all(counts[action] - before[action] >= least for action, least in ENOUGH.items())

    assert wait_until(enough, timeout=DEADLINE_S), Counter(
        line["action"] for line in acknowledged(journal)
    )
    return Counter(line["action"] for line in acknowledged(journal))


def of(action, lines):
    return [line for line in lines if line["action"] == action]


def assert_everything_is_stored_once(lines):
    """Each acknowledged message has its row with its figures; nothing has two."""
    assert_sessions(of("StartTransaction", lines), of("StopTransaction", lines))
    assert_readings(of("MeterValues", lines))
    assert_frames(lines)
    # Shown by `pytest -s`: how much was proven.
    counts = Counter(line["action"] for line in lines)
    print(f"\nacknowledged and stored once: {dict(counts)}")


def assert_sessions(starts, stops):
    sessions = ChargingSession.objects.values_list(
        "transaction_id", "charger__identity", "connector__number", "meter_start_wh"
    )
    started = Counter(
        (line["transaction_id"], line["charger"], line["connector_id"], line["meter_wh"])
        for line in starts
    )
    assert started - Counter(sessions) == Counter()
    # The last answers may not have reached a fleet that ends, but a start that is told again says
    # the same time and register: a second session of one start would show here.
    begun = Counter(
        ChargingSession.objects.values_list(
            "charger__identity", "connector__number", "started_at", "meter_start_wh"
        )
    )
    assert [start for start, count in begun.items() if count > 1] == []
    ended = Counter(
        ChargingSession.objects.filter(status=SessionStatus.ENDED).values_list(
            "transaction_id", "charger__identity", "meter_stop_wh"
        )
    )
    told = Counter((line["transaction_id"], line["charger"], line["meter_wh"]) for line in stops)
    assert told - ended == Counter()
    endings = SessionStatusChange.objects.filter(status=SessionStatus.ENDED)
    assert Counter(endings.values_list("session__transaction_id", flat=True)) == Counter(
        transaction_id for transaction_id, _, _ in ended
    )
    assert not OrphanStop.objects.exists()


def assert_readings(values):
    stored = Counter(
        MeterReading.objects.values_list(
            "transaction_id", "connector_number", "measured_at", "energy_wh"
        )
    )
    told = Counter(
        (
            line["transaction_id"],
            line["connector_id"],
            datetime.fromisoformat(line["timestamp"]),
            line["meter_wh"],
        )
        for line in values
    )
    assert told - stored == Counter()
    assert [key for key, count in stored.items() if count > 1] == []


def assert_frames(lines):
    """The wire log too: the answer was written with what it answers."""
    answered = Frame.objects.filter(direction=Direction.IN, outcome="result")
    stored = Counter(answered.values_list("message_id", flat=True))
    assert [line for line in lines if stored[line["message_id"]] != 1] == []


@pytest.mark.proves("own 1")
def test_nothing_acknowledged_is_lost_when_the_ocpp_process_is_killed(
    environment, fleet_rows, tmp_path
):
    journal = tmp_path / "journal.jsonl"
    with ocpp_process(environment) as server, simulated_fleet(environment, journal) as fleet:
        counts = wait_for_more(journal, Counter())
        server.send_signal(signal.SIGKILL)
        server.wait()
        with ocpp_process(environment):
            wait_for_more(journal, counts)
            fleet.terminate()
            fleet.wait(20)
    assert_everything_is_stored_once(acknowledged(journal))


@pytest.mark.proves("own 1")
def test_nothing_acknowledged_is_lost_when_the_database_drops_its_connections(
    environment, fleet_rows, tmp_path
):
    journal = tmp_path / "journal.jsonl"
    with ocpp_process(environment), simulated_fleet(environment, journal) as fleet:
        counts = wait_for_more(journal, Counter())
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()
        wait_for_more(journal, counts)
        fleet.terminate()
        fleet.wait(20)
    assert_everything_is_stored_once(acknowledged(journal))
