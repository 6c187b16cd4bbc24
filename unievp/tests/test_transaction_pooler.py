"""The platform behind a transaction pooler (pgbouncer here, Supabase's port 6543 out there)."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from urllib.parse import urlsplit

import pytest

from unievp.tests.scratch import manage, run, scratch_database

pytestmark = pytest.mark.slow
# By this port a transaction pooler is known.
PORT = 6543
CHARGE = """
import django; django.setup()
from chargers.models import ChargingSession
from chargers.tests.factories import make_charger, make_token, send_one, start, stop
charger = make_charger()
make_token("TAG")
number = send_one(charger, start("TAG")).transaction_id
send_one(charger, stop(number, meter=6000, seconds=1200))
session = ChargingSession.objects.get(transaction_id=number)
from payments.services.billing import bill_session
bill_session(session.pk)
print(session.energy_wh, [row.pk for row in ChargingSession.objects.iterator()] == [session.pk])
"""


@pytest.fixture
def pooled(django_db_setup, tmp_path):
    """The address of a scratch database through pgbouncer in transaction mode."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    with scratch_database("pooled_by_a_test") as direct:
        parts = urlsplit(direct)
        settings = tmp_path / "pgbouncer.ini"
        settings.write_text(
            "[databases]\n"
            f"* = host={parts.hostname} port={parts.port} user={parts.username}"
            f" password={parts.password}\n"
            "[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {PORT}\nauth_type = any\n"
            "pool_mode = transaction\nunix_socket_dir =\nignore_startup_parameters = options\n"
        )
        tmp_path.chmod(0o755)
        settings.chmod(0o644)
        with subprocess.Popen([program, "--user=nobody", str(settings)]) as process:
            _wait_for_port(process)
            yield direct.replace(f":{parts.port}/", f":{PORT}/"), direct
            process.terminate()


def test_a_charge_is_metered_billed_and_proven_through_a_transaction_pooler(pooled):
    address, direct = pooled
    manage(direct, "migrate", "--verbosity", "0")
    assert run(address, "-c", CHARGE).split() == ["5000", "True"]
    manage(address, "check_books")


def _wait_for_port(process):
    deadline = time.monotonic() + 10
    while True:
        try:
            with socket.create_connection(("127.0.0.1", PORT), 1):
                return
        except OSError:
            assert process.poll() is None, "pgbouncer does not run"
            assert time.monotonic() < deadline, "pgbouncer does not listen"
            time.sleep(0.05)
