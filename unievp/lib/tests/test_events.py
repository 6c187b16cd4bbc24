from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import pytest
from django.db import transaction

from unievp.lib.db import close_pool, in_db
from unievp.lib.events import Gatherer, publish, subscribe, subscribe_many, unsubscribe


@dataclass(frozen=True)
class Happened:
    id: int


class HappenedLater(Happened):
    pass


@pytest.fixture
def heard():
    events: list[Happened] = []
    subscribe(Happened, events.append)
    yield events
    unsubscribe(Happened, events.append)


@pytest.mark.django_db(transaction=True)
def test_an_event_is_delivered_after_the_commit(heard):
    with transaction.atomic():
        publish(Happened(1))
        assert heard == []
    assert heard == [Happened(1)]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_delivered_at_once(heard):
    publish(Happened(1))
    assert heard == [Happened(1)]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_event_never_happened(heard):
    with transaction.atomic():
        publish(Happened(1))
        transaction.set_rollback(True)
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_a_failing_handler_reaches_neither_publisher_nor_the_next_handler(heard, caplog):
    def fail(_event):
        raise OSError("broker is away")

    unsubscribe(Happened, heard.append)
    subscribe(Happened, fail)
    subscribe(Happened, heard.append)
    try:
        with caplog.at_level(logging.ERROR), transaction.atomic():
            publish(Happened(7))
    finally:
        unsubscribe(Happened, fail)
    assert heard == [Happened(7)]
    assert "Happened(id=7)" in caplog.text
    assert "broker is away" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_subscribing_twice_delivers_once(heard):
    subscribe(Happened, heard.append)
    publish(Happened(1))
    assert heard == [Happened(1)]


@pytest.mark.django_db(transaction=True)
def test_a_subclass_is_another_event(heard):
    publish(HappenedLater(1))
    assert heard == []


@pytest.fixture
def heard_together():
    batches: list[list[Happened]] = []
    subscribe_many(Happened, batches.append)
    yield batches
    unsubscribe(Happened, batches.append)


@pytest.mark.django_db(transaction=True)
def test_without_a_gatherer_a_list_holds_one_event(heard_together):
    publish(Happened(1))
    publish(Happened(2))
    assert heard_together == [[Happened(1)], [Happened(2)]]


def _publish_two():
    with transaction.atomic():
        publish(Happened(1))
        publish(Happened(2))


@pytest.mark.django_db(transaction=True)
async def test_a_gatherer_delivers_together_and_the_rest_when_it_closes(
    heard, heard_together, settings
):
    settings.DB_POOL_THREADS = 2
    gatherer = Gatherer(interval=0.01)
    loop, delivered = asyncio.get_running_loop(), asyncio.Event()

    def tell(_batch):
        loop.call_soon_threadsafe(delivered.set)

    subscribe_many(Happened, tell)
    gatherer.start()
    try:
        await in_db(_publish_two)
        assert heard == []
        await asyncio.wait_for(delivered.wait(), 5)
        assert heard == [Happened(1), Happened(2)]
        await in_db(_publish_two)
    finally:
        await gatherer.aclose()
        unsubscribe(Happened, tell)
    assert heard_together == [[Happened(1), Happened(2)]] * 2
    await in_db(_publish_two)
    assert heard_together[2:] == [[Happened(1)], [Happened(2)]]
    close_pool()
