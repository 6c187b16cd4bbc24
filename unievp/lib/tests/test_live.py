from __future__ import annotations

import asyncio
import logging
import uuid

import pytest
from channels.layers import BaseChannelLayer, get_channel_layer
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from unievp.lib import live
from unievp.lib.db import in_db
from unievp.lib.live import Throttle, abroadcast, broadcast, group_name

PARTS = st.lists(st.text(max_size=60), min_size=1, max_size=3)


@given(PARTS)
def test_every_group_name_is_valid_for_channels(parts):
    assert BaseChannelLayer().require_valid_group_name(group_name("charger", *parts))


@given(PARTS, PARTS)
def test_different_parts_never_share_a_group(left, right):
    assert (group_name("cpo", *left) == group_name("cpo", *right)) is (left == right)


def test_usual_names_stay_readable():
    assert group_name("charger", 17) == "charger.17"
    assert group_name("charger", "CP/1") == "charger.CP_2f1"
    assert group_name("charger", "CP_2f1") == "charger.CP_5f2f1"


def test_a_long_name_cannot_be_imitated():
    name = group_name("charger", "x" * 200)
    assert name.startswith("charger._x")
    assert group_name("charger", name.removeprefix("charger.")) != name


class Broken:
    async def group_send(self, group, message):
        raise ConnectionError("valkey is away")


class Recorder:
    def __init__(self):
        self.sent = []

    async def group_send(self, group, message):
        self.sent.append((group, message))


@pytest.fixture
def recorder(monkeypatch):
    layer = Recorder()
    monkeypatch.setattr(live, "get_channel_layer", lambda: layer)
    return layer


async def test_a_message_reaches_the_group_through_valkey():
    layer = get_channel_layer()
    group = group_name("test", uuid.uuid4())
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    await abroadcast(group, {"type": "session.changed", "version": 1})
    message = await asyncio.wait_for(layer.receive(channel), timeout=10)
    assert message == {"type": "session.changed", "version": 1}
    await layer.group_discard(group, channel)


async def test_a_failing_layer_is_logged_and_swallowed(monkeypatch, caplog):
    monkeypatch.setattr(live, "get_channel_layer", Broken)
    with caplog.at_level(logging.ERROR):
        await abroadcast("charger.1", {"type": "x"})
    assert "charger.1 was lost" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_broadcast_leaves_after_the_commit(recorder):
    with transaction.atomic():
        broadcast("charger.1", {"type": "x"})
        assert recorder.sent == []
    assert recorder.sent == [("charger.1", {"type": "x"})]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_broadcast_is_never_sent(recorder):
    with transaction.atomic():
        broadcast("charger.1", {"type": "x"})
        transaction.set_rollback(True)
    assert recorder.sent == []


@pytest.mark.django_db(transaction=True)
def test_a_broken_layer_never_reaches_the_service(monkeypatch, caplog):
    monkeypatch.setattr(live, "get_channel_layer", Broken)
    with caplog.at_level(logging.ERROR), transaction.atomic():
        broadcast("charger.1", {"type": "x"})
    assert "valkey is away" in caplog.text


async def test_from_the_database_pool_it_leaves_by_the_waiting_loop(scratch, monkeypatch):
    sent = asyncio.get_running_loop().create_future()

    class Layer:
        async def group_send(self, group, message):
            sent.set_result((group, asyncio.get_running_loop()))

    monkeypatch.setattr(live, "get_channel_layer", Layer)
    await in_db(broadcast, "charger.1", {"type": "x"})
    assert await asyncio.wait_for(sent, timeout=10) == ("charger.1", asyncio.get_running_loop())


class Deliveries:
    def __init__(self):
        self.made = []
        self.changed = asyncio.Event()

    async def __call__(self, key, value):
        self.made.append((key, value))
        self.changed.set()
        if value == "fails":
            raise ConnectionError("valkey is away")

    async def reach(self, count):
        async with asyncio.timeout(10):
            while len(self.made) < count:
                self.changed.clear()
                await self.changed.wait()


async def test_the_first_value_goes_at_once_and_then_only_the_last():
    deliveries = Deliveries()
    throttle = Throttle(deliveries, interval=0.1)
    throttle.push("A", 1)
    throttle.push("B", 1)
    await deliveries.reach(2)
    for value in range(2, 9):
        throttle.push("A", value)
    started = asyncio.get_running_loop().time()
    assert deliveries.made == [("A", 1), ("B", 1)]
    await deliveries.reach(3)
    assert asyncio.get_running_loop().time() - started > 0.05
    assert deliveries.made == [("A", 1), ("B", 1), ("A", 8)]
    await throttle.aclose()
    assert deliveries.made == [("A", 1), ("B", 1), ("A", 8)]


async def test_values_between_are_merged_where_it_is_said_how():
    deliveries = Deliveries()
    throttle = Throttle(deliveries, interval=60, merge=lambda first, second: first | second)
    throttle.push("A", {1})
    await deliveries.reach(1)
    for value in ({2}, {3}, {2, 4}):
        throttle.push("A", value)
    await throttle.aclose()
    assert deliveries.made == [("A", {1}), ("A", {2, 3, 4})]


async def test_a_failed_delivery_does_not_stop_the_next(caplog):
    deliveries = Deliveries()
    throttle = Throttle(deliveries, interval=0.01)
    with caplog.at_level(logging.ERROR):
        throttle.push("A", "fails")
        await deliveries.reach(1)
        throttle.push("A", "works")
        await deliveries.reach(2)
    assert deliveries.made == [("A", "fails"), ("A", "works")]
    assert "valkey is away" in caplog.text
    await throttle.aclose()


async def test_closing_delivers_what_waits():
    deliveries = Deliveries()
    throttle = Throttle(deliveries, interval=60)
    throttle.push("A", 1)
    await deliveries.reach(1)
    throttle.push("A", 2)
    throttle.push("B", 3)
    await throttle.aclose()
    assert deliveries.made == [("A", 1), ("A", 2), ("B", 3)]
