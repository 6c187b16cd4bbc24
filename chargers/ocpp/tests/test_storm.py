"""A whole fleet at once, and one charger many times at once: nobody is refused or forgotten."""

from __future__ import annotations

import asyncio
import base64
import threading

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db.models import Count
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chargers.events import ConnectorStatusChanged
from chargers.models import Charger, Connector, Presence, Registration
from chargers.ocpp.runtime import runtime
from chargers.ocpp.switchboard import group_of
from chargers.ocpp.tests.fleet import amake_charger, make_charger
from chargers.ocpp.tests.server import PATIENCE_S, running_server, until
from unievp.lib import clock, db
from unievp.lib.events import subscribe, unsubscribe
from unievp.lib.live import abroadcast
from unievp.lib.secrets import keyed_digest

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = b"a-password-of-a-fleet"
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def basic(identity, password=PASSWORD):
    text = base64.b64encode(identity.encode() + b":" + password).decode()
    return {"Authorization": f"Basic {text}"}


def make_fleet(size):
    """FLEET-0 …, with Basic authentication and two connectors each."""
    first = make_charger("FLEET-0", password=PASSWORD, security_profile=1)
    rest = Charger.objects.bulk_create(
        Charger(
            cpo=first.cpo,
            location=first.location,
            identity=f"FLEET-{number}",
            security_profile=1,
            password_digest=keyed_digest(PASSWORD),
        )
        for number in range(1, size)
    )
    Connector.objects.bulk_create(
        Connector(charger=charger, number=number) for charger in rest for number in (1, 2)
    )
    return [first.identity, *(charger.identity for charger in rest)]


async def comes_back(server, identity, everyone_is_through):
    """Connects, boots, says both statuses, and stays until all of them have."""
    async with server.charger(
        identity, additional_headers=basic(identity), open_timeout=60
    ) as charger:
        assert (await charger.call("BootNotification", BOOT))["status"] == "Accepted"
        for number in (1, 2):
            status = {"connectorId": number, "status": "Available", "errorCode": "NoError"}
            assert await charger.call("StatusNotification", status) == {}
        await everyone_is_through.wait()


async def knocks_wrongly(server, identity):
    headers = basic(identity, b"not-its-password-at-all")
    with pytest.raises(InvalidStatus) as refusal:
        async with server.charger(identity, additional_headers=headers, open_timeout=60):
            pass
    assert refusal.value.response.status_code == 401


async def beats(charger, everyone_is_through):
    """A neighbour's heartbeats, one after the other; how many were answered."""
    count = 0
    while not everyone_is_through.is_set():
        assert "currentTime" in await charger.call("Heartbeat", {})
        count += 1
    return count


@pytest.mark.proves("own 28", "pain 15", "quirk 22")
@pytest.mark.parametrize(
    "size",
    [100, pytest.param(1_000, marks=pytest.mark.slow)],
)
async def test_a_fleet_that_reconnects_at_once_is_let_in_whole(size, server):
    identities = await sync_to_async(make_fleet)(size)
    await amake_charger("NEIGHBOUR")
    through = asyncio.Barrier(size + 1)
    everyone = asyncio.Event()
    async with server.charger("NEIGHBOUR") as socket, asyncio.TaskGroup() as group:
        beating = group.create_task(beats(socket, everyone))
        gate = Gate(through, everyone)
        for identity in identities:
            group.create_task(comes_back(server, identity, gate))
        # Somebody guesses passwords meanwhile: refused, at nobody's cost.
        for identity in identities[:5]:
            group.create_task(knocks_wrongly(server, identity))
        await through.wait()
        online = await Presence.objects.filter(online=True).acount()
        everyone.set()
    assert online == size + 1
    assert beating.result() > 0
    said = Connector.objects.filter(charger__identity__in=identities).values("status")
    counts = [row async for row in said.annotate(chargers=Count("pk")).order_by("status")]
    assert counts == [{"status": "Available", "chargers": 2 * size}]
    booted = Charger.objects.filter(registration=Registration.ACCEPTED, vendor="V")
    assert await booted.acount() == size


class Gate:
    """Through for one charger: it tells that it is, and waits for the end."""

    def __init__(self, through, everyone):
        self.through, self.everyone = through, everyone

    async def wait(self):
        await self.through.wait()
        await self.everyone.wait()


@pytest.mark.proves("pain 61", "quirk 14")
async def test_a_charger_thrown_out_while_it_reconnects_is_neither_lost_nor_locked_out(server):
    """Takeovers and forced ends of the same connection at the same time."""
    charger = await amake_charger("CP1")
    house = runtime()

    async def reconnects():
        for _ in range(4):
            async with server.charger("CP1") as socket:
                try:
                    await socket.call("Heartbeat", {})
                except ConnectionClosed:
                    continue

    async def is_thrown_out():
        for _ in range(12):
            changed = {"type": "charger.changed", "charger_id": charger.pk}
            await abroadcast(group_of(charger.pk), changed)

    marker = await amake_charger("CP2")
    async with server.charger("CP2") as last:
        await asyncio.gather(*[reconnects() for _ in range(4)], is_thrown_out())
        # Messages arrive in their order: with this one, all that were meant for the other have.
        changed = {"type": "charger.changed", "charger_id": marker.pk}
        await abroadcast(group_of(marker.pk), changed)
        await asyncio.wait_for(last.socket.wait_closed(), PATIENCE_S)
    async with server.charger("CP1") as socket:
        assert "currentTime" in await socket.call("Heartbeat", {})
        row = await Presence.objects.aget(charger=charger)
        connection = house.switchboard.connections[charger.pk]
        assert (row.online, row.connection_id) == (True, connection.connection_id)

    async def is_offline():
        return not (await Presence.objects.aget(charger=charger)).online

    await until(is_offline)
    assert charger.pk not in house.switchboard.connections


@pytest_asyncio.fixture
async def pool(orm, settings):
    """Database threads as in production; with one thread for all, all would wait."""
    settings.DB_POOL_THREADS = 3
    yield
    await asyncio.to_thread(db.close_pool)


@pytest.mark.proves("pain 60")
async def test_what_reacts_to_a_charger_may_hang_and_chargers_are_answered(pool):
    """A payment gateway or a PDF that hangs behind an event holds no socket."""
    await amake_charger("CP1")
    may_go_on, hangs = threading.Event(), threading.Event()

    def hang(_event):
        hangs.set()
        may_go_on.wait(8)

    subscribe(ConnectorStatusChanged, hang)
    try:
        async with running_server() as server, server.charger("CP1") as charger:
            status = {
                "connectorId": 1,
                "status": "Preparing",
                "errorCode": "NoError",
                "timestamp": clock.isoformat_z(clock.now()),
            }
            assert await charger.call("StatusNotification", status) == {}
            await until(hangs.is_set)
            assert "currentTime" in await charger.call("Heartbeat", {})
            async with server.charger("cp1") as again:
                assert "currentTime" in await again.call("Heartbeat", {})
            assert not may_go_on.is_set()
            may_go_on.set()
    finally:
        may_go_on.set()
        unsubscribe(ConnectorStatusChanged, hang)
