"""docs/api.md's quickstart, as it stands there, against a server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chargers.models import Charger, Command, RemoteStart
from chargers.tests.factories import make_charger, make_token
from cpo.services.api_keys import create_api_key

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAGE = Path(__file__).resolve().parents[3] / "docs" / "api.md"


@pytest.fixture
def surroundings(live_server):
    make_charger(identity="SIM-0001")
    make_token("DEMO0001")
    key = create_api_key(name="Quickstart", actor="test")[1]
    return os.environ | {"UNIEV": live_server.url, "KEY": key, "NO_PROXY": "*"}


def block(language: str) -> str:
    """The one block of `language`; no charger is there to answer, so nobody waits for one."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    return text.replace('"wait": 30', '"wait": 1')


def run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_quickstart_in_curl_works(surroundings):
    told = run(["bash", "-euo", "pipefail", "-c", block("bash")], surroundings)
    assert told.count('"charger_id":"SIM-0001"') >= 3
    assert set(Command.objects.values_list("action", flat=True)) == {
        "GetConfiguration",
        "RemoteStartTransaction",
    }
    assert RemoteStart.objects.get().id_tag == "DEMO0001"


def test_the_quickstart_in_python_works(surroundings):
    told = run([sys.executable, "-c", block("python")], surroundings)
    assert "SIM-0001" in told
    assert "Refused {'payload.type': [" in told
    assert "queued None" in told
    assert Command.objects.get().action == "TriggerMessage"
    assert Charger.objects.get().name == "Lobby"
