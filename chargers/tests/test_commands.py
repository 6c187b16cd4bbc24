"""The queue of commands: claimed once, in order, never after the deadline."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from chargers import tasks
from chargers.events import CommandFinished, CommandQueued
from chargers.models import Command, CommandStatus, Presence
from chargers.services import commands, outcomes
from chargers.services.payloads import payload_to_send
from chargers.tests.factories import make_charger
from cpo.models import AuditEntry
from cpo.tests.factories import make_user
from unievp.lib import clock, events
from unievp.lib.errors import ConflictError, InvalidError

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    return make_charger()


def queue(charger, action="Reset", **values):
    values = {"payload": {"type": "Soft"}, "actor": "test", **values}
    return commands.queue_command(charger, action=action, **values)


def status_of(command):
    command.refresh_from_db()
    return command.status


def test_queued_command_says_who_asked_and_nudges(charger, django_capture_on_commit_callbacks):
    heard = []
    events.subscribe(CommandQueued, heard.append)
    person = make_user(username="ana")
    with django_capture_on_commit_callbacks(execute=True):
        command = queue(charger, actor=person, deadline_s=60)
    events.unsubscribe(CommandQueued, heard.append)
    assert heard == [CommandQueued(charger.pk)]
    assert (command.requested_by, command.requested_label) == (person, "ana")
    assert command.deadline_at - command.created_at == timedelta(seconds=60)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.after) == ("command.Reset", {"command": str(command.pk)})


def test_retired_charger_takes_no_command(charger):
    charger.retired_at = clock.now()
    with pytest.raises(ConflictError):
        queue(charger)


def test_command_without_an_action_is_refused(charger):
    with pytest.raises(InvalidError):
        queue(charger, action="")


def test_commands_are_claimed_in_order_and_once(charger):
    first, second = queue(charger), queue(charger, "ClearCache", payload={})
    claimed = [commands.claim_next(charger.pk) for _ in range(3)]
    assert claimed == [first, second, None]
    assert (claimed[0].status, claimed[0].message_id) == ("sent", first.pk.hex)
    assert claimed[0].payload == {"type": "Soft"}


def test_another_chargers_command_is_not_claimed(charger):
    queue(make_charger())
    assert commands.claim_next(charger.pk) is None


def test_only_the_newest_connection_claims(charger):
    newest = uuid4()
    Presence.objects.create(charger=charger, online=True, connection_id=newest)
    command = queue(charger)
    assert commands.claim_next(charger.pk, uuid4()) is None
    assert commands.claim_next(charger.pk, newest) == command


def test_expired_command_is_never_claimed(charger):
    command = queue(charger, deadline_s=0)
    assert commands.claim_next(charger.pk) is None
    assert tasks.expire_commands() == 1
    assert status_of(command) == CommandStatus.EXPIRED
    assert tasks.expire_commands() == 0


def test_command_of_a_dead_process_times_out(charger, settings):
    command = queue(charger)
    commands.claim_next(charger.pk)
    assert tasks.expire_commands() == 0
    ago = clock.now() - timedelta(seconds=2 * settings.COMMAND_TIMEOUT_S + 1)
    Command.objects.update(sent_at=ago)
    assert tasks.expire_commands() == 1
    assert status_of(command) == CommandStatus.TIMED_OUT


def test_answer_ends_a_command_once(charger, django_capture_on_commit_callbacks):
    heard = []
    events.subscribe(CommandFinished, heard.append)
    command = queue(charger)
    commands.claim_next(charger.pk)
    with django_capture_on_commit_callbacks(execute=True):
        assert outcomes.mark_answered(command.pk, response={"status": "Accepted"})
        assert not outcomes.mark_answered(command.pk, response={"status": "Rejected"})
        assert not outcomes.mark_timed_out(command.pk)
    events.unsubscribe(CommandFinished, heard.append)
    assert heard == [CommandFinished(str(command.pk))]
    command.refresh_from_db()
    assert (command.status, command.response_status) == ("answered", "Accepted")
    assert command.response == {"status": "Accepted"}


def test_late_answer_counts(charger):
    command = queue(charger)
    commands.claim_next(charger.pk)
    assert outcomes.mark_timed_out(command.pk)
    assert outcomes.mark_answered(command.pk, response={})
    assert status_of(command) == CommandStatus.ANSWERED


def test_answer_to_a_command_never_sent_changes_nothing(charger):
    command = queue(charger)
    assert not outcomes.mark_answered(command.pk, response={})
    assert status_of(command) == CommandStatus.QUEUED


def test_error_is_kept_short(charger):
    command = queue(charger)
    commands.claim_next(charger.pk)
    assert outcomes.mark_failed(command.pk, error="InternalError: " + "x" * 999)
    command.refresh_from_db()
    assert (command.status, len(command.error)) == ("failed", 300)


def test_new_password_is_kept_until_it_is_delivered_only(charger):
    payload = {"key": "AuthorizationKey", "value": "00112233445566778899"}
    command = queue(charger, "ChangeConfiguration", payload=payload)
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload::text || secret FROM chargers_command")
        assert "00112233" not in str(cursor.fetchall())
    assert payload_to_send(commands.claim_next(charger.pk)) == payload
    outcomes.mark_answered(command.pk, response={"status": "Accepted"})
    command.refresh_from_db()
    assert command.payload == {"key": "AuthorizationKey", "value": "••••"}
    assert command.secret == ""
    assert "00112233" not in str(AuditEntry.objects.values())


def test_cancelled_command_is_not_sent(charger):
    command = queue(charger)
    outcomes.cancel_command(command, actor="test")
    assert commands.claim_next(charger.pk) is None
    with pytest.raises(ConflictError):
        outcomes.cancel_command(command, actor="test")


def test_waiting_commands_of_connected_chargers_are_nudged_again(charger, monkeypatch):
    told = []
    monkeypatch.setattr(tasks, "broadcast", lambda group, message: told.append((group, message)))
    Presence.objects.create(charger=charger, online=True)
    queue(charger)
    queue(charger)
    queue(make_charger())
    assert tasks.nudge_waiting_commands() == 1
    message = {"type": "commands.waiting", "charger_id": charger.pk}
    assert told == [(f"charger.{charger.pk}", message)]


@pytest.mark.django_db(transaction=True)
def test_many_processes_claim_each_command_once(charger):
    queued = {queue(charger).pk for _ in range(10)}
    claimed = []
    gate = threading.Barrier(4)

    def work():
        try:
            gate.wait(10)
            while (command := commands.claim_next(charger.pk)) is not None:
                claimed.append(command.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(claimed) == len(set(claimed))
    left = set(Command.objects.filter(status="queued").values_list("pk", flat=True))
    assert set(claimed) | left == queued
