"""Every connection has a row that says when, how and why it ended."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from chargers.models import ConnectionLog, EndedBy
from chargers.ocpp.tests.fleet import amake_charger, make_charger
from chargers.ocpp.tests.server import until
from chargers.store import connections
from chargers.store.connections import Arrival, Departure, record_arrivals, record_departures
from unievp.lib import clock


async def _ended(charger):
    """The rows of ended connections, oldest first, as soon as there are `n`."""
    rows = ConnectionLog.objects.filter(charger=charger, ended_at__isnull=False)
    return [row async for row in rows.order_by("connected_at")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.proves("pain 6")
async def test_a_charger_that_says_goodbye_is_told_from_one_that_is_gone(server):
    charger = await amake_charger("CP1")
    async with server.charger("CP1") as client:
        await client.call("Heartbeat", {})
        await client.socket.close(1001, "rebooting")
    await until(lambda: sync_to_async(_count)(1))
    async with server.charger("CP1") as client:
        await client.call("Heartbeat", {})
        client.socket.transport.abort()
        await until(lambda: sync_to_async(_count)(2))
    said, gone = await _ended(charger)
    assert (said.ended_by, said.close_code, said.reason) == ("charger", 1001, "rebooting")
    assert said.idle_s is not None
    assert said.remote_address == "127.0.0.1"
    assert (gone.ended_by, gone.close_code) == ("network", 1006)
    assert said.connected_at <= said.ended_at <= gone.connected_at


@pytest.mark.django_db(transaction=True)
async def test_a_connection_that_we_close_says_why(server):
    charger = await amake_charger("CP1")
    async with server.charger("CP1") as older:
        await older.call("Heartbeat", {})
        async with server.charger("CP1") as newer:
            await newer.call("Heartbeat", {})
            await until(lambda: sync_to_async(_count)(1))
            (row,) = await _ended(charger)
            assert (row.ended_by, row.close_code) == ("platform", 1000)
            assert row.reason == "replaced by a newer connection"
            assert await ConnectionLog.objects.filter(ended_at__isnull=True).acount() == 1


def _count(n):
    return ConnectionLog.objects.filter(ended_at__isnull=False).count() == n


@pytest.mark.django_db
def test_arrivals_and_departures_write_their_rows_without_a_query_of_their_own(
    django_assert_num_queries,
):
    charger = make_charger("CP1")
    key = uuid4()
    with django_assert_num_queries(2):
        record_arrivals([Arrival(charger.pk, key, "p", "10.0.0.1")])
    leaving = Departure(charger.pk, key, EndedBy.NETWORK.value, 1006, "x" * 500, 59)
    with django_assert_num_queries(1):
        assert record_departures([leaving]) == [charger.pk]
    row = ConnectionLog.objects.get(connection_id=key)
    assert (row.ended_by, row.close_code, row.idle_s, len(row.reason)) == ("network", 1006, 59, 123)


@pytest.mark.django_db
def test_a_replaced_connection_is_logged_and_leaves_the_charger_online():
    charger = make_charger("CP1")
    old, new = uuid4(), uuid4()
    record_arrivals([Arrival(charger.pk, old, "p", "")])
    record_arrivals([Arrival(charger.pk, new, "p", "")])
    assert record_departures([Departure(charger.pk, old, "platform", 1000)]) == []
    assert ConnectionLog.objects.get(connection_id=old).ended_by == "platform"
    assert ConnectionLog.objects.get(connection_id=new).ended_at is None


@pytest.mark.django_db
def test_a_restart_ends_the_connections_of_its_process_only():
    charger, other = make_charger("CP1"), make_charger("CP2")
    record_arrivals([Arrival(charger.pk, uuid4(), "here", ""), Arrival(other.pk, uuid4(), "x", "")])
    assert connections.record_restart("here") == [charger.pk]
    assert ConnectionLog.objects.get(charger=charger).ended_by == "restart"
    assert ConnectionLog.objects.get(charger=other).ended_at is None


@pytest.mark.django_db
def test_old_rows_are_forgotten():
    charger = make_charger("CP1")
    for days in (1, 100):
        ConnectionLog.objects.create(
            charger=charger, connection_id=uuid4(), connected_at=clock.now() - timedelta(days=days)
        )
    assert connections.forget_connections(clock.now() - timedelta(days=90)) == 1
    assert ConnectionLog.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.proves("pain 7", "quirk 14")
async def test_a_dead_socket_holds_nobody_up(server):
    """The old one never answers the close; the new one is served at once."""
    await amake_charger("CP1")
    # A client that stops reading: its close is never acknowledged.
    async with server.charger("CP1", close_timeout=0) as dead:
        await dead.call("Heartbeat", {})
        dead.socket.transport.pause_reading()
        began = clock.now()
        async with server.charger("CP1") as alive:
            assert await alive.call("Heartbeat", {})
        assert clock.now() - began < timedelta(seconds=5)
        dead.socket.transport.abort()
