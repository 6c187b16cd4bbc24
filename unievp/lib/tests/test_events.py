from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest
from django.db import transaction

from unievp.lib.events import publish, subscribe, unsubscribe


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
