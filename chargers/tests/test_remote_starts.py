"""A remote start is a wish with a deadline: a session, or a failure that says why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.events import RemoteStartFailed, RemoteStartSucceeded
from chargers.models import (
    ChargingSession,
    Command,
    ConfigurationKey,
    RemoteStart,
    RemoteStartStatus,
)
from chargers.services import outcomes
from chargers.services.commands import queue_command
from chargers.services.remote_starts import linking
from chargers.services.remote_starts.intents import expire_remote_starts, start_remotely
from chargers.store.work import StartTransaction
from chargers.tests.factories import make_charger, make_token, send_one
from cpo.tests.factories import make_user
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.proves("pain 32", "RemoteStartTransaction"),
]


@pytest.fixture
def charger():
    make_token("CAFE01")
    return make_charger()


@pytest.fixture
def told(monkeypatch):
    """What was published, in order."""
    events = []
    monkeypatch.setattr(linking, "publish", events.append)
    return events


def ask(charger, **values):
    return start_remotely(charger, **({"id_tag": "CAFE01", "actor": "test"} | values))


def answer(wish, status="Accepted"):
    Command.objects.filter(pk=wish.command_id).update(status="sent", sent_at=clock.now())
    assert outcomes.mark_answered(wish.command_id, response={"status": status})
    wish.refresh_from_db()


def begin(charger, *, tag="CAFE01", connector=1):
    now = clock.now()
    work = StartTransaction(connector, tag, 1000, now.replace(microsecond=0))
    send_one(charger, work, received_at=now)
    return ChargingSession.objects.latest("pk")


def test_accepted_and_started(charger, told):
    wish = ask(charger, connector_number=1)
    assert wish.command.payload == {"connectorId": 1, "idTag": "CAFE01"}
    answer(wish)
    assert wish.status == RemoteStartStatus.ACCEPTED
    session = begin(charger, tag="cafe01")
    wish.refresh_from_db()
    assert (wish.status, wish.session) == (RemoteStartStatus.STARTED, session)
    assert told == [RemoteStartSucceeded(wish.pk)]
    assert expire_remote_starts(clock.now() + timedelta(days=1)) == 0


def test_session_that_starts_before_the_answer_comes_is_linked_at_once(charger, told):
    wish = ask(charger)
    session = begin(charger, connector=2)
    wish.refresh_from_db()
    assert (wish.status, wish.session) == (RemoteStartStatus.STARTED, session)
    answer(wish)
    assert wish.status == RemoteStartStatus.STARTED
    assert told == [RemoteStartSucceeded(wish.pk)]


@pytest.mark.proves("pain 30")
@pytest.mark.parametrize("values", [{"tag": "OTHER"}, {"connector": 2}])
def test_session_of_another_tag_or_connector_does_not_fulfil_it(charger, values):
    wish = ask(charger, connector_number=1)
    answer(wish)
    make_token("OTHER")
    begin(charger, **values)
    wish.refresh_from_db()
    assert wish.status == RemoteStartStatus.ACCEPTED


def test_refused_by_the_charger_fails_at_once(charger, told):
    wish = ask(charger)
    answer(wish, "Rejected")
    assert (wish.status, wish.reason) == ("failed", "The charger answered “Rejected”")
    assert told == [RemoteStartFailed(wish.pk, wish.reason)]


def test_error_expiry_and_cancellation_fail_it_and_say_which(charger):
    failed = ask(charger, connector_number=1)
    Command.objects.filter(pk=failed.command_id).update(status="sent", sent_at=clock.now())
    outcomes.mark_failed(failed.command_id, error="NotSupported")
    expired = ask(charger, connector_number=2)
    Command.objects.filter(pk=expired.command_id).update(deadline_at=clock.now())
    outcomes.expire_commands()
    cancelled = ask(charger)
    outcomes.cancel_command(cancelled.command, actor="test")
    reasons = {wish.pk: wish.reason for wish in RemoteStart.objects.filter(status="failed")}
    assert reasons == {
        failed.pk: "The charger answered with an error: NotSupported",
        expired.pk: "It could not be sent in time",
        cancelled.pk: "It was cancelled",
    }


def test_accepted_and_nothing_started_fails_at_the_deadline(charger, told):
    ConfigurationKey.objects.create(
        charger=charger, key="ConnectionTimeOut", value="90", read_at=clock.now()
    )
    wish = ask(charger)
    answer(wish)
    assert wish.expires_at - wish.accepted_at == timedelta(seconds=150)
    assert expire_remote_starts(wish.expires_at) == 0
    assert expire_remote_starts(wish.expires_at + timedelta(seconds=1)) == 1
    wish.refresh_from_db()
    assert (wish.status, wish.reason) == ("failed", "Accepted, but nothing started in time")
    assert told == [RemoteStartFailed(wish.pk, wish.reason)]
    assert Command.objects.count() == 1


def test_without_an_answer_it_waits_for_the_session_and_then_fails(charger):
    wish = ask(charger)
    Command.objects.filter(pk=wish.command_id).update(status="sent", sent_at=clock.now())
    outcomes.mark_timed_out(wish.command_id)
    wish.refresh_from_db()
    assert wish.status == RemoteStartStatus.ASKED
    assert expire_remote_starts(wish.expires_at + timedelta(seconds=1)) == 1
    wish.refresh_from_db()
    assert wish.reason == "The charger did not answer, and nothing started"


def test_start_whose_tag_is_refused_is_no_start(charger):
    wish = ask(charger, id_tag="NOBODY")
    answer(wish)
    begin(charger, tag="NOBODY")
    wish.refresh_from_db()
    assert wish.reason == "The charger started, and the id tag was refused: Invalid"


def test_same_start_is_not_asked_for_twice(charger):
    ask(charger, connector_number=1)
    with pytest.raises(ConflictError) as refusal:
        ask(charger, connector_number=1)
    assert refusal.value.code == "remote_start_pending"
    ask(charger, connector_number=2)
    assert Command.objects.count() == 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"id_tag": " "}, "id_tag"),
        ({"id_tag": "x" * 21}, "id_tag"),
        ({"connector_number": 9}, "connector_number"),
    ],
)
def test_impossible_start_is_refused_and_sends_nothing(charger, values, field):
    with pytest.raises(InvalidError) as refusal:
        ask(charger, **values)
    assert refusal.value.field == field
    assert not Command.objects.exists()


def test_command_sent_by_hand_is_followed_like_any_other(charger):
    payload = {"idTag": "CAFE01", "connectorId": 1}
    command = queue_command(
        charger, action="RemoteStartTransaction", payload=payload, actor=make_user()
    )
    session = begin(charger)
    Command.objects.filter(pk=command.pk).update(status="sent", sent_at=clock.now())
    outcomes.mark_answered(command.pk, response={"status": "Accepted"})
    wish = RemoteStart.objects.get()
    assert (wish.status, wish.session, wish.connector_number) == ("started", session, 1)
