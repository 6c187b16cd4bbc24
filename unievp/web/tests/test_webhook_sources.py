"""What happens is told to webhooks: at once by nudges, and by the sweep where those are lost."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from datetime import timedelta
from importlib import import_module

import pytest

from chargers import events as happened
from chargers.events import ConnectorStatusChanged, SessionStarted
from chargers.models import Command, CommandStatus, ConnectorStatusChange, Presence, PresenceChange
from chargers.services.commands import queue_command
from chargers.tests.factories import make_charger, make_token, send_one, start, stop
from cpo.models import EventDelivery, LogCursor, WebhookEndpoint, WebhookEvent
from cpo.services.webhooks.catalogue import TYPES
from cpo.services.webhooks.endpoints import create_endpoint
from cpo.tests.factories import make_cpo, make_member
from payments import events as paid
from payments.models import PaymentEvent, PaymentIntent
from payments.services.billing import bill_session
from payments.services.settlements import cancel_settlement, request_settlement
from payments.states import IntentStatus, SettlementStatus
from payments.tests.factories import give, make_paid_cpo, make_session
from payments.tests.factories import make_member as make_finance
from unievp.lib import clock, events
from unievp.web import tasks
from unievp.web.webhooks import field, money, nudges, sessions
from unievp.web.webhooks.source import sweep, tell
from unievp.web.webhooks.sources import SOURCES

pytestmark = pytest.mark.django_db


def listen(cpo, *types):
    endpoint = create_endpoint(
        cpo,
        url="https://hook.example.com/",
        event_types=types or ["*"],
        actor=make_member(cpo),
    )
    before = clock.now() - timedelta(minutes=5)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(enabled_at=before)
    return endpoint


def sweep_all():
    return tasks.sweep_webhooks()


@pytest.fixture
def charger():
    sweep_all()
    charger = make_charger()
    make_token(cpo=charger.cpo)
    return charger


def told():
    return sorted(WebhookEvent.objects.values_list("type", flat=True))


def test_catalogue_and_sources_name_the_same_types():
    of_sources = {name for source in SOURCES.values() for name in source.types}
    assert of_sources == set(TYPES)
    assert {f"payment.{status}" for status in IntentStatus} <= of_sources
    assert {f"settlement.{status}" for status in SettlementStatus} <= of_sources


def test_session_is_told_of_once_by_nudge_and_sweep(charger):
    listen(charger.cpo)
    begun = send_one(charger, start())
    session_id = charger.sessions.get().pk
    assert tell(sessions.STARTED, [session_id]) == 1
    assert sweep(sessions.STARTED) == 0
    assert sweep(sessions.ENDED) == 0
    send_one(charger, stop(begun.transaction_id))
    assert sweep(sessions.ENDED) == 1
    assert tell(sessions.ENDED, [session_id]) == 0
    assert told() == ["session.ended", "session.started"]
    data = WebhookEvent.objects.get(type="session.ended").body["data"]
    assert (data["id"], data["charger_id"], data["energy_wh"]) == (
        session_id,
        charger.identity,
        2000,
    )


def test_bill_is_an_update_of_its_session():
    session = make_session(cpo=make_paid_cpo())
    sweep_all()
    listen(session.cpo, "session.updated")
    bill = bill_session(session.pk)
    assert sweep(sessions.BILLED) == 1
    event = WebhookEvent.objects.get()
    assert (event.key, event.body["data"]["cost"]) == (f"session.billed:{bill.pk}", bill.total)


def test_running_session_is_told_of_once_a_minute(charger):
    listen(charger.cpo, "session.*")
    send_one(charger, start())
    session = charger.sessions.get()
    minute = clock.now().replace(second=30, microsecond=0)
    for seconds, new in ((0, 1), (5, 0), (-60, 1)):
        session.last_reading_at = minute + timedelta(seconds=seconds)
        session.save(update_fields=["last_reading_at"])
        assert sweep(sessions.PROGRESS) == new


def test_presence_is_told_of(charger):
    listen(charger.cpo, "charger.*")
    presence = Presence.objects.create(charger=charger, online=False, last_seen_at=clock.now())
    for online in (True, False):
        presence.online, presence.last_seen_at = online, clock.now()
        presence.save()
    assert sweep(field.PRESENCE) == PresenceChange.objects.count()
    assert {"charger.online", "charger.offline"} == set(told())
    assert tell(field.PRESENCE, field.last_presences([charger.pk])) == 0
    data = WebhookEvent.objects.filter(type="charger.offline")[0].body["data"]
    assert (data["charger_id"], data["online"]) == (charger.identity, False)


def test_fault_is_told_of_once_until_the_connector_works_again(charger):
    listen(charger.cpo, "charger.faulted")
    now = clock.now()
    reports = [
        ("Faulted", "GroundFailure"),
        ("Faulted", "GroundFailure"),
        ("Available", "NoError"),
        ("Faulted", "GroundFailure"),
        ("Faulted", "OverVoltage"),
    ]
    for seconds, (status, code) in enumerate(reports):
        ConnectorStatusChange.objects.create(
            charger=charger,
            connector_number=1,
            status=status,
            error_code=code,
            reported_at=now + timedelta(seconds=seconds),
            received_at=now,
        )
    assert sweep(field.FAULTS) == 3
    assert tell(field.FAULTS, field.last_faults([(charger.pk, 1), (charger.pk, 2)])) == 0
    codes = [event.body["data"]["error_code"] for event in WebhookEvent.objects.all()]
    assert sorted(codes) == ["GroundFailure", "GroundFailure", "OverVoltage"]


def test_command_is_told_of_when_it_has_ended(charger):
    listen(charger.cpo)
    command = queue_command(charger, action="Reset", payload={"type": "Soft"}, actor="test")
    assert sweep(field.COMMANDS) == 0
    Command.objects.update(status=CommandStatus.EXPIRED)
    assert sweep(field.COMMANDS) == 1
    assert tell(field.COMMANDS, [str(command.pk)]) == 0
    data = WebhookEvent.objects.get().body["data"]
    assert (data["command_id"], data["status"]) == (str(command.pk), "expired")


def make_payment(cpo):
    now = clock.now()
    return PaymentIntent.objects.create(
        cpo=cpo,
        amount=50_000,
        method="qris",
        created_by="test",
        created_at=now,
        expires_at=now + timedelta(minutes=15),
    )


def note(intent, kind, status):
    PaymentEvent.objects.create(
        intent=intent, at=clock.now(), kind=kind, status=status, source="test"
    )


def test_payment_is_told_of_at_each_status_without_what_is_the_drivers(charger):
    listen(charger.cpo, "payment.*")
    intent = make_payment(charger.cpo)
    note(intent, "created", "created")
    note(intent, "moved", "requires_action")
    note(intent, "refused", "requires_action")
    note(intent, "paid", "succeeded")
    note(intent, "paid_again", "succeeded")
    note(intent, "refunded", "partially_refunded")
    note(intent, "refunded", "partially_refunded")
    lines = money.payment_events_of([intent.pk])
    assert tell(money.PAYMENTS, lines, swept=True) == 5
    assert sweep(money.PAYMENTS) == 0
    assert told() == [
        "payment.created",
        "payment.partially_refunded",
        "payment.partially_refunded",
        "payment.requires_action",
        "payment.succeeded",
    ]
    for event in WebhookEvent.objects.all():
        assert event.body["data"]["payment_id"] == str(intent.pk)
        assert intent.secret not in json.dumps(event.body)


def test_settlement_is_told_of_at_each_status():
    cpo = make_paid_cpo()
    give(cpo, 200_000)
    person = make_finance(cpo)
    sweep_all()
    listen(cpo, "settlement.*")
    settlement = request_settlement(cpo, actor=person)
    cancel_settlement(settlement, actor=person)
    assert sweep(money.SETTLEMENTS) == 2
    assert told() == ["settlement.cancelled", "settlement.requested"]
    body = WebhookEvent.objects.get(type="settlement.cancelled").body
    assert (body["data"]["id"], body["data"]["amount"]) == (settlement.pk, 200_000)
    assert cpo.bank_account_number not in json.dumps(body)


def test_rival_hears_of_nothing(charger):
    listen(make_cpo())
    send_one(charger, start())
    make_payment(charger.cpo)
    assert sweep_all() == 0
    assert tell(sessions.STARTED, [charger.sessions.get().pk]) == 0
    assert not WebhookEvent.objects.exists()


def test_sweep_starts_at_the_end_and_looks_back_some_minutes(charger):
    send_one(charger, start())
    listen(charger.cpo, "session.started")
    # Nobody listened when it began, but the endpoint was on: still within what is looked back to.
    assert sweep(sessions.STARTED) == 1
    cursor = LogCursor.objects.get(name=sessions.STARTED.name)
    newest = charger.sessions.get().pk
    assert cursor.position < newest
    for _turn in range(2):
        LogCursor.objects.update(reached_at=clock.now() - timedelta(minutes=11))
        sweep(sessions.STARTED)
    cursor.refresh_from_db()
    assert (cursor.position, cursor.reached) == (newest, newest)


def test_source_that_nobody_listens_to_is_passed_over(charger):
    send_one(charger, start())
    assert sweep_all() == 0
    listen(charger.cpo)
    assert sweep(sessions.STARTED) == 0


@pytest.fixture
def asked(monkeypatch):
    """What workers are asked for; nobody's answer is remembered from before."""
    asked = []
    monkeypatch.setattr(nudges, "_answers", {})
    monkeypatch.setattr(
        "celery.Celery.send_task",
        lambda _app, name, args, **_options: asked.append((name, args)),
    )
    return asked


def test_nudges_ask_a_worker_only_if_somebody_listens(charger, asked):
    nudges.on_sessions_started([SessionStarted(1)])
    nudges.on_status_changed([ConnectorStatusChanged(1, 1, "Faulted")])
    assert asked == []
    listen(charger.cpo, "session.started", "charger.faulted")
    nudges._answers.clear()
    nudges.on_sessions_started([SessionStarted(1), SessionStarted(2)])
    nudges.on_status_changed(
        [ConnectorStatusChanged(1, 1, "Available"), ConnectorStatusChanged(1, 2, "Faulted")]
    )
    assert asked == [
        (nudges.TASK, ("session.started", [1, 2])),
        (nudges.TASK, ("charger.faults", [(1, 2)])),
    ]


def test_nudges_ask_the_database_now_and_then_only(charger, asked, django_assert_num_queries):
    listen(charger.cpo, "session.started")
    with django_assert_num_queries(1):
        for number in range(5):
            nudges.on_sessions_started([SessionStarted(number)])
    assert len(asked) == 5


@pytest.mark.parametrize(
    ("event", "source"),
    [
        (happened.SessionStarted(1), sessions.STARTED),
        (happened.SessionEnded(1), sessions.ENDED),
        (happened.SessionCorrected(1, 1), sessions.CORRECTED),
        (happened.ChargerPresenceChanged(1, online=True), field.PRESENCE),
        (happened.ConnectorStatusChanged(1, 1, "Faulted"), field.FAULTS),
        (happened.CommandFinished(str(uuid.uuid4())), field.COMMANDS),
        (paid.BillIssued(1), sessions.BILLED),
        (paid.PaymentStatusChanged(uuid.uuid4(), "succeeded"), money.PAYMENTS),
        (paid.SettlementRequested(1), money.SETTLEMENTS),
        (paid.SettlementStatusChanged(1, "paid"), money.SETTLEMENTS),
    ],
    ids=lambda value: type(value).__name__,
)
def test_events_of_the_house_reach_the_nudges(event, source, charger, asked, monkeypatch):
    listen(charger.cpo)
    monkeypatch.setattr(events, "_handlers", defaultdict(list))
    monkeypatch.setattr(events, "_many_handlers", defaultdict(list))
    # Others who hear of it are not what this is about.
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_args, **_options: None)
    # The composition root stands above this room, so it is not imported by name.
    import_module("unievp.subscriptions").connect_subscriptions()
    events._deliver(event)
    assert [args[0] for _task, args in asked] == [source.name]


def test_task_finds_the_lines_that_a_nudge_means(charger):
    listen(charger.cpo)
    intent = make_payment(charger.cpo)
    note(intent, "created", "created")
    assert tasks.tell_webhooks(money.PAYMENTS.name, [str(intent.pk)]) == 1
    send_one(charger, start())
    assert tasks.tell_webhooks(sessions.STARTED.name, [charger.sessions.get().pk]) == 1
    assert tasks.tell_webhooks(field.COMMANDS.name, [str(uuid.uuid4())]) == 0
    assert EventDelivery.objects.count() == 2
