"""A database that takes its time: commands go out and their answers come in all the same."""

from __future__ import annotations

import asyncio
import threading

import pytest

from chargers.models import CommandStatus
from chargers.ocpp.tests.fleet import amake_charger
from chargers.ocpp.tests.oca.point import connected
from chargers.ocpp.tests.server import running_server
from chargers.store import inbound
from unievp.lib import db

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def pool(orm, settings):
    """Database threads as in production; with one thread for all, all would wait."""
    settings.DB_POOL_THREADS = 3
    yield
    await asyncio.to_thread(db.close_pool)


@pytest.mark.proves("own 21")
async def test_command_is_answered_while_the_writing_of_messages_stands_still(pool, monkeypatch):
    charger = await amake_charger()
    may_write = threading.Event()
    may_write.set()
    write = inbound.write

    def write_when_it_may(batch):
        may_write.wait(8)
        return write(batch)

    monkeypatch.setattr(inbound, "write", write_when_it_may)
    async with running_server() as server, connected(server, charger) as point:
        await point.boot()
        may_write.clear()
        try:
            await point.client.send([2, "beat", "Heartbeat", {}])
            command = await point.asked("ClearCache", {}, {"status": "Accepted"})
            assert command.status == CommandStatus.ANSWERED
        finally:
            may_write.set()
        kind, message_id, body = await point.client.receive()
        assert (kind, message_id) == (3, "beat")
        assert body["currentTime"].endswith("Z")
