"""How long after a charger's frame an open portal hears of it: three real processes, real sockets.

`pytest -m slow -s unievp/tests/test_shown_at_once.py` prints the figures.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from contextlib import suppress
from urllib.request import urlopen

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.test import Client
from websockets.asyncio.client import connect

from chargers.ocpp.tests.fleet import make_charger, make_token
from chargers.ocpp.tests.server import Client as ChargerClient
from cpo.models import Membership, Role
from cpo.tests.factories import make_user
from e2e.processes import Program, free_port, running
from unievp.lib import clock

WITHIN_S = 1.0
STATUSES, READINGS = 15, 5
PATIENCE_S = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(180),
]


def is_up(address):
    def asked():
        with suppress(OSError), urlopen(address, timeout=2) as response:
            return response.status == 200
        return False

    return asked


@pytest.fixture
def ports(tmp_path):
    """Of the chargers' door and of the web process."""
    door, web = free_port(), free_port()
    with running(
        tmp_path,
        Program(
            ["-m", "unievp.serve_ocpp"],
            is_up(f"http://127.0.0.1:{door}/healthz"),
            {"OCPP_PORT": str(door)},
        ),
        Program(
            ["-m", "daphne", "--port", str(web), "unievp.asgi:application"],
            is_up(f"http://127.0.0.1:{web}/readyz"),
        ),
    ):
        yield door, web


@pytest.fixture
def owners_cookie():
    charger = make_charger("SEEN-1")
    make_token("TAG1")
    owner = make_user()
    Membership.objects.create(user=owner, cpo=charger.cpo, role=Role.OWNER)
    client = Client()
    client.force_login(owner)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


async def until_told(portal):
    async with asyncio.timeout(PATIENCE_S):
        while json.loads(await portal.recv())["kind"] != "changed":
            pass


async def quiet(portal, seconds):
    """Until what was on its way has come."""
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(seconds):
                await portal.recv()


async def waits_for(portal, times, send, quiet_s):
    """Seconds from each frame to the portal's message; nothing else is on its way between."""
    found = []
    for number in range(times):
        await quiet(portal, quiet_s)
        begin = time.perf_counter()
        await send(number)
        await until_told(portal)
        found.append(time.perf_counter() - begin)
    return found


async def test_a_change_is_told_within_a_second_of_its_frame(owners_cookie, ports):
    door, web = ports
    headers = {"Cookie": owners_cookie, "Origin": f"http://127.0.0.1:{web}"}
    async with (
        connect(f"ws://127.0.0.1:{web}/ws/board", additional_headers=headers) as portal,
        connect(f"ws://127.0.0.1:{door}/SEEN-1", subprotocols=["ocpp1.6"]) as socket,
    ):
        charger = ChargerClient(socket)

        async def status(number):
            word = ("Preparing", "Available")[number % 2]
            said = {"connectorId": 2, "status": word, "errorCode": "NoError"}
            await charger.call("StatusNotification", said)

        now = clock.now().isoformat()
        begun = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": now}
        transaction = (await charger.call("StartTransaction", begun))["transactionId"]

        async def reading(number):
            sample = {
                "timestamp": clock.now().isoformat(),
                "sampledValue": [{"value": f"{number}"}],
            }
            said = {"connectorId": 1, "transactionId": transaction, "meterValue": [sample]}
            await charger.call("MeterValues", said)

        # Statuses are told at once, and readings at most once a second.
        found = {
            "status": await waits_for(portal, STATUSES, status, 0.3),
            "reading": await waits_for(portal, READINGS, reading, 1.1),
        }
    await sync_to_async(connections.close_all)()
    for name, waits in found.items():
        middle = statistics.median(waits)
        print(f"\n{name}: median {middle * 1000:.0f} ms, max {max(waits) * 1000:.0f} ms")
        assert middle <= WITHIN_S
