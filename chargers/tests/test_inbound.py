"""A batch of messages of many chargers: one transaction, answers in order, the wire log with it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from chargers.events import ChargerPresenceChanged, ConnectorStatusChanged, SessionStarted
from chargers.models import (
    Charger,
    ChargingSession,
    Frame,
    MeterReading,
    Presence,
)
from chargers.store import inbound, presence
from chargers.store.work import Authorize, Boot, Heartbeat, LogOnly, StatusReport
from chargers.tests.factories import (
    at,
    make_charger,
    make_token,
    meter_values,
    reading,
    received,
    send,
    send_one,
    start,
    stop,
)
from unievp.lib import events
from unievp.lib.group_commit import _write_batch


@pytest.fixture(autouse=True)
def forget_who_was_seen():
    presence._written.clear()
    yield
    presence._written.clear()


@pytest.fixture
def heard():
    """Events that were delivered."""
    delivered = []
    kinds = (ChargerPresenceChanged, ConnectorStatusChanged, SessionStarted)
    for kind in kinds:
        events.subscribe(kind, delivered.append)
    yield delivered
    for kind in kinds:
        events.unsubscribe(kind, delivered.append)


def status(number, word, seconds=0, error="NoError"):
    return StatusReport(number, word, error, at(seconds))


@pytest.mark.django_db
def test_mixed_batch_is_answered_in_order_and_logged():
    make_token("A")
    make_token("B")
    chargers = [make_charger() for _ in range(8)]
    running = send_one(chargers[5], start("A"))
    messages = [
        Heartbeat(),
        Boot("Vendor", "Model"),
        status(1, "Preparing"),
        Authorize("b"),
        start("B"),
        meter_values(running.transaction_id, reading(10, 1200)),
        LogOnly(),
        Authorize("nobody"),
    ]
    Frame.objects.all().delete()
    results = send(*zip(chargers, messages, strict=True))
    assert results[0] is None
    assert (results[1].registration, results[1].interval_s) == ("Accepted", 300)
    assert (results[3].status, results[7].status) == ("Accepted", "Invalid")
    assert results[4].id_tag_info.status == "Accepted"
    assert ChargingSession.objects.get(charger=chargers[5]).energy_wh == 200
    frames = Frame.objects.order_by("charger_id")
    assert [frame.action for frame in frames] == [type(work).__name__ for work in messages]
    assert {(f.direction, f.response, f.outcome) for f in frames} == {("in", "[3]", "result")}
    assert all(0 <= frame.latency_us < 10_000_000 for frame in frames)


@pytest.mark.django_db
def test_frame_may_be_left_out_of_the_log():
    item = received(make_charger(), Heartbeat())
    item.log_frame = False
    with transaction.atomic():
        inbound.write([item])
    assert Frame.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_poisoned_item_fails_alone():
    make_token("A")
    good, bad, other = (make_charger() for _ in range(3))
    items = [received(good, start("A")), received(bad, start("x")), received(other, Heartbeat())]

    def explode(_result):
        raise RuntimeError("poison")

    items[1].render = explode
    results = _write_batch(inbound.write, items)
    assert (results[0], results[2]) == ("[3]", "[3]")
    assert isinstance(results[1], RuntimeError)
    assert [row.charger for row in ChargingSession.objects.all()] == [good]
    assert set(Frame.objects.values_list("charger_id", flat=True)) == {good.pk, other.pk}


@pytest.mark.django_db(transaction=True)
def test_same_start_from_two_connections_at_once_is_one_session():
    """A charger that reconnects resends what is still on its way through the old socket."""
    make_token("A")
    charger = make_charger(connectors=0)
    gate = threading.Barrier(4)
    answers = []

    def deliver():
        try:
            results = {}
            item = received(charger, start("A"), results=results)
            gate.wait(10)
            assert _write_batch(inbound.write, [item]) == ["[3]"]
            answers.append(results[charger.pk])
        finally:
            connection.close()

    run_together(deliver, 4)
    assert len(set(answers)) == 1
    assert len(answers) == 4
    assert ChargingSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_token_at_many_chargers_at_once_is_accepted_once():
    make_token("A")
    chargers = [make_charger() for _ in range(6)]
    gate = threading.Barrier(6)
    verdicts = []
    waiting = list(chargers)

    def deliver():
        try:
            charger = waiting.pop()
            results = {}
            item = received(charger, start("A"), results=results)
            gate.wait(10)
            assert _write_batch(inbound.write, [item]) == ["[3]"]
            verdicts.append(results[charger.pk].id_tag_info.status)
        finally:
            connection.close()

    run_together(deliver, 6)
    assert sorted(verdicts) == ["Accepted"] + ["ConcurrentTx"] * 5


def run_together(target, count):
    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


@pytest.mark.django_db(transaction=True)
def test_last_seen_is_written_every_ten_seconds_only(monkeypatch):
    charger = make_charger()
    seconds = 1000.0
    monkeypatch.setattr("chargers.store.presence.time.monotonic", lambda: seconds)
    Presence.objects.create(charger=charger, online=True, connected_at=at(0), last_seen_at=at(0))

    def seen_after(wait, received_at):
        nonlocal seconds
        seconds += wait
        send_one(charger, Heartbeat(), received_at=received_at)
        return Presence.objects.get().last_seen_at

    assert seen_after(0, at(10)) == at(10)
    assert seen_after(9, at(19)) == at(10)
    assert seen_after(1, at(20)) == at(20)


@pytest.mark.proves("pain 4")
@pytest.mark.django_db
def test_charger_that_was_called_silent_and_speaks_is_online_again(
    heard, django_capture_on_commit_callbacks
):
    charger = make_charger()
    row = Presence.objects.create(charger=charger, online=False, connected_at=at(0))
    with django_capture_on_commit_callbacks(execute=True):
        send_one(charger, Heartbeat())
    row.refresh_from_db()
    assert row.online
    assert heard == [ChargerPresenceChanged(charger.pk, online=True)]


@pytest.mark.django_db
def test_last_words_of_a_closed_connection_do_not_make_it_online():
    charger = make_charger()
    row = Presence.objects.create(
        charger=charger, online=False, connected_at=at(0), disconnected_at=at(5)
    )
    send_one(charger, Heartbeat())
    row.refresh_from_db()
    assert not row.online


@pytest.mark.django_db
def test_heartbeats_of_100_chargers_are_few_statements(django_assert_max_num_queries):
    first = make_charger(connectors=0, tariff=False)
    chargers = [first] + [
        make_charger(connectors=0, tariff=False, location=first.location) for _ in range(99)
    ]
    with django_assert_max_num_queries(4):
        send(*[(charger, Heartbeat()) for charger in chargers])
    assert Frame.objects.count() == 100


@pytest.mark.django_db
def test_values_of_100_sessions_are_few_statements(django_assert_max_num_queries):
    first = make_charger(connectors=1)
    chargers = [first] + [make_charger(connectors=1, location=first.location) for _ in range(99)]
    tags = [make_token().token for _ in chargers]
    started = send(*[(c, start(t)) for c, t in zip(chargers, tags, strict=True)])
    with django_assert_max_num_queries(5):
        send(
            *[
                (charger, meter_values(answer.transaction_id, reading(10, 1000 + n)))
                for n, (charger, answer) in enumerate(zip(chargers, started, strict=True))
            ]
        )
    energies = ChargingSession.objects.order_by("charger_id").values_list("energy_wh", flat=True)
    assert list(energies) == list(range(100))


@pytest.mark.django_db
def test_reading_keeps_its_samples_word_for_word():
    charger = make_charger()
    value = reading(10, 1200, adjustments=("no offset",), temperature_mc=-5000)
    send_one(charger, meter_values(None, value, connector=0))
    row = MeterReading.objects.get()
    assert (row.samples, row.adjustments) == (value.samples, ["no offset"])
    assert (row.energy_wh, row.temperature_mc, row.session_id) == (1200, -5000, None)
    assert bytes(row.content_hash) == value.content_hash


@pytest.mark.django_db
def test_reading_of_an_absurd_time_is_kept():
    charger = make_charger()
    send_one(charger, meter_values(None, reading(-86_400 * 365 * 9, 5)))
    assert MeterReading.objects.get().energy_wh == 5


@pytest.mark.django_db
def test_stop_of_many_chargers_ends_each_of_its_own():
    chargers = [make_charger() for _ in range(5)]
    tags = [make_token().token for _ in chargers]
    started = send(*[(c, start(t)) for c, t in zip(chargers, tags, strict=True)])
    send(
        *[
            (c, stop(answer.transaction_id, meter=1000 + 10 * n, seconds=30 + n))
            for n, (c, answer) in enumerate(zip(chargers, started, strict=True))
        ]
    )
    rows = ChargingSession.objects.order_by("charger_id")
    assert [(row.energy_wh, row.ended_at) for row in rows] == [
        (10 * n, at(0) + timedelta(seconds=30 + n)) for n in range(5)
    ]
    assert Charger.objects.count() == 5
