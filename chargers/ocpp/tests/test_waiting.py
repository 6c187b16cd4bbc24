"""Many callers that wait for chargers' answers hold no thread and no database connection."""

from __future__ import annotations

import asyncio
import json
import statistics
import threading
import time

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import connection
from django.utils.module_loading import import_string

from chargers import events, live
from chargers.models import Command
from chargers.ocpp.tests.fleet import amake_charger
from chargers.ocpp.tests.server import running_server, until
from chargers.services.outcomes import mark_answered
from cpo.services.api_keys import create_api_key
from unievp.lib import clock, db
from unievp.lib.api import waiting
from unievp.lib.events import subscribe_many

pytestmark = pytest.mark.django_db(transaction=True)
CALLERS = 60
MANY = 200
THREADS = 3


@pytest.fixture
async def web(orm, settings):
    """The web process's HTTP application on a port, with its pool of database threads."""
    settings.DB_POOL_THREADS = THREADS
    settings.ALLOWED_HOSTS = ["*"]
    subscribe_many(events.CommandFinished, live.on_commands_finished)
    application = get_asgi_application()

    async def http(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await application(scope, receive, send)

    async with running_server(http) as server:
        yield f"http://127.0.0.1:{server.port}"
    await asyncio.to_thread(db.close_pool)


async def key_of_the_platform():
    return (await sync_to_async(create_api_key)(name="Acme", actor="test"))[1]


def connections_open():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


async def ask(http, wait):
    body = {"action": "Reset", "payload": {"type": "Soft"}, "wait": wait}
    return await http.post("/api/chargers/CP1/commands", json=body, timeout=30)


async def test_waiting_requests_hold_neither_thread_nor_connection(web):
    await amake_charger()
    headers = {"Authorization": f"Api-Key {await key_of_the_platform()}"}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=web, headers=headers, limits=limits) as http:
        assert (await ask(http, 0)).status_code == 202
        threads, open_before = threading.active_count(), await sync_to_async(connections_open)()
        asking = [asyncio.create_task(ask(http, 25)) for _ in range(CALLERS)]

        async def all_wait():
            queued = await Command.objects.acount() == CALLERS + 1
            # One look each is over when nothing runs in the pool and no request has a thread.
            return queued and threading.active_count() <= threads + THREADS + 2

        await until(all_wait, 20)
        await asyncio.sleep(0)
        assert not [task for task in asking if task.done()]
        assert await sync_to_async(connections_open)() <= open_before + THREADS + 1
        waiting_ids = [command.pk async for command in Command.objects.all()]
        await Command.objects.aupdate(status="sent", sent_at=clock.now())
        for pk in waiting_ids:
            await sync_to_async(mark_answered)(pk, response={"status": "Accepted"})
        responses = await asyncio.gather(*asking)
    assert {response.status_code for response in responses} == {200}
    assert {json.dumps(response.json()["response"]) for response in responses} == {
        '{"status": "Accepted"}'
    }


async def median_ms(http, path, times=60):
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        assert (await http.get(path)).status_code == 200
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)


@pytest.mark.slow
async def test_two_hundred_waiting_requests_do_not_slow_the_rest(web, record_property):
    await amake_charger()
    headers = {"Authorization": f"Api-Key {await key_of_the_platform()}"}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=web, headers=headers, limits=limits) as http:
        command = (await ask(http, 0)).json()["id"]
        path = f"/api/commands/{command}"
        alone = await median_ms(http, path)
        asking = [asyncio.create_task(ask(http, 25)) for _ in range(MANY)]

        async def all_wait():
            return await Command.objects.acount() == MANY + 1

        await until(all_wait, 20)
        # Each has looked once, and looks again every few seconds.
        crowded = await median_ms(http, path)
        still_waiting = sum(not task.done() for task in asking)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    record_property("median_ms_alone", round(alone, 1))
    record_property("median_ms_beside_200", round(crowded, 1))
    print(f"GET /api/commands/…: {alone:.1f} ms alone, {crowded:.1f} ms beside {MANY} waiting")
    assert still_waiting == MANY
    # Room for a busy machine: a request that queued behind the others would take seconds.
    assert crowded < max(5 * alone, 100)


@pytest.mark.parametrize("name", settings.MIDDLEWARE)
def test_no_middleware_takes_a_thread_for_the_whole_request(name):
    assert getattr(import_string(name), "async_capable", False)


@pytest.mark.proves("pain 59")
async def test_a_lost_message_is_found_by_the_slow_poll(orm):
    found = []

    def look():
        found.append(1)
        return "here" if len(found) == 3 else None

    assert await waiting.wait_for("command.nobody", look, seconds=10, poll=0.05) == "here"


async def test_without_a_channel_layer_the_poll_alone_finds_it(orm, monkeypatch):
    def broken():
        raise ConnectionError("no Valkey")

    monkeypatch.setattr(waiting, "get_channel_layer", broken)
    found = iter([None, "here"])
    assert await waiting.wait_for("command.x", lambda: next(found), seconds=10, poll=0.05) == "here"


async def test_nothing_found_in_time_is_none(orm):
    assert await waiting.wait_for("command.x", lambda: None, seconds=0.1, poll=0.05) is None
