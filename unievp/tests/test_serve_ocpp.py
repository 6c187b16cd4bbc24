"""The chargers' listener pings and never closes for a missing pong; the quiet one never pings."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, nullcontext

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connections

from chargers.models import ConnectionLog
from chargers.ocpp.tests.fleet import amake_charger
from chargers.ocpp.tests.server import PATIENCE_S, until
from unievp.serve_ocpp import charger_server, main

PING = 0x89
TEXT = 0x81


class Raw:
    """A WebSocket client that answers no ping, and remembers the first byte of each frame."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.seen = []

    async def frame(self):
        """(first byte, payload) of the next frame of the server."""
        async with asyncio.timeout(PATIENCE_S):
            first, length = await self.reader.readexactly(2)
            size = int.from_bytes(await self.reader.readexactly(2)) if length == 126 else length
            payload = await self.reader.readexactly(size)
        self.seen.append(first)
        return first, payload

    async def heartbeat(self):
        text = b'[2,"h","Heartbeat",{}]'
        # Masked with zeros, as a client has to.
        self.writer.write(bytes([TEXT, 0x80 | len(text), 0, 0, 0, 0]) + text)
        while True:
            first, payload = await self.frame()
            if first == TEXT:
                return json.loads(payload)


@asynccontextmanager
async def raw_charger(port, identity):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /{identity} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
    )
    async with asyncio.timeout(PATIENCE_S):
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101"), head
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def serving(**options):
    server = charger_server(0, **options)
    server.capture_signals = nullcontext
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started and all(o.started for o in server.others))
        yield server
    finally:
        server.should_exit = True
        await task


def port_of(server):
    return server.servers[0].sockets[0].getsockname()[1]


@pytest_asyncio.fixture
async def orm(transactional_db):
    yield
    await sync_to_async(connections.close_all)()


@pytest.mark.django_db(transaction=True)
@pytest.mark.proves("pain 5", "quirk 12")
async def test_one_port_pings_without_waiting_for_pongs_and_the_other_is_quiet(orm):
    await amake_charger("CP1")
    await amake_charger("CP2")
    async with (
        serving(ping_interval=0.02, quiet_port=0) as server,
        raw_charger(port_of(server), "CP1") as pinged,
        raw_charger(port_of(server.others[0]), "CP2") as quiet,
    ):
        while pinged.seen.count(PING) < 5:
            await pinged.frame()
        assert (await pinged.heartbeat())[0] == 3
        assert (await quiet.heartbeat())[0] == 3
        assert set(quiet.seen) == {TEXT}
    # The runtime of both ended last: every connection has its end on record.
    rows = ConnectionLog.objects.filter(ended_at__isnull=False)
    assert await rows.acount() == 2


@pytest.mark.django_db(transaction=True)
async def test_there_is_no_quiet_port_unless_it_is_asked_for(orm):
    async with serving(ping_interval=0) as server:
        assert server.others == []


@pytest.mark.parametrize(
    ("port", "quiet_port"), [(None, None), ("", None), ("0", None), ("9002", 9002)]
)
def test_the_quiet_port_is_a_setting(monkeypatch, port, quiet_port):
    made = {}

    class Server:
        started = True

        def run(self):
            made["ran"] = True

    def fake(port, **options):
        made.update(options, port=port)
        return Server()

    monkeypatch.setattr("unievp.serve_ocpp.charger_server", fake)
    monkeypatch.delenv("OCPP_PORT", raising=False)
    monkeypatch.delenv("OCPP_PING_INTERVAL", raising=False)
    if port is None:
        monkeypatch.delenv("OCPP_QUIET_PORT", raising=False)
    else:
        monkeypatch.setenv("OCPP_QUIET_PORT", port)
    main()
    wanted = {"port": 9000, "ping_interval": 55.0, "quiet_port": quiet_port, "ran": True}
    assert made.items() >= wanted.items()
