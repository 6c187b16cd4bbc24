"""Templates, what differs from them, and values applied to many chargers with progress."""

from datetime import timedelta

import pytest

from chargers.models import (
    ApplyPolicy,
    ConfigurationChange,
    ConfigurationKey,
    ConfigurationRun,
    ConfigurationTemplate,
)
from chargers.selectors.drift import configuration_of, drift_of, wanted_values
from chargers.services.configuration import sweep
from chargers.services.configuration.automatic import apply_automatically
from chargers.services.configuration.runs import (
    cancel_run,
    pause_run,
    resume_run,
    start_run,
    start_template_run,
)
from chargers.services.outcomes import expire_commands
from chargers.tests.maintenance.parts import (
    answer,
    asked,
    expire,
    make_online,
    refuse,
    silent,
    waiting,
)
from cpo.models import AuditEntry
from cpo.tests.factories import make_cpo
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError

pytestmark = pytest.mark.django_db

VALUES = {"HeartbeatInterval": "300", "MeterValueSampleInterval": "60"}


def template(keys=None, **values):
    row = ConfigurationTemplate.objects.create(**{"name": "Voltaris AC", **values})
    for key, value in (VALUES if keys is None else keys).items():
        row.keys.create(key=key, value=value)
    return row


def report(charger, readonly=(), **keys):
    for key, value in keys.items():
        ConfigurationKey.objects.create(
            charger=charger,
            key=key,
            value=value or "",
            known=value is not None,
            read_only=key in readonly,
            read_at=clock.now(),
        )


def states(charger):
    return {line.key: line.state for line in drift_of(charger)}


def run_on(*chargers, values=VALUES, **options):
    changes = dict.fromkeys(chargers, values)
    return start_run(changes, name="Run", actor="ana", **options)


def results(run):
    return list(
        ConfigurationChange.objects.filter(item__run=run)
        .order_by("pk")
        .values_list("status", "answer")
    )


def step(charger, **response):
    answer(asked(charger, "ChangeConfiguration"), **response)


@pytest.mark.proves("pain 55")
def test_drift_tells_every_kind_of_difference(charger):
    template({"Same": "60", "Other": "1", "Locked": "1", "Nope": "1", "Unread": "1"})
    report(charger, readonly=("Locked",), Same="060", Other="2", Locked="2", Nope=None, Extra="x")
    assert states(charger) == {
        "Same": "same",
        "Other": "different",
        "Locked": "read_only",
        "Nope": "unknown",
        "Unread": "not_read",
    }
    lines = {line.key: line for line in configuration_of(charger)}
    assert [line.key for line in lines.values() if line.can_be_applied] == ["Other", "Unread"]
    assert (lines["Extra"].wanted, lines["Extra"].reported) == (None, "x")


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ({}, True),
        ({"vendor_pattern": "VOLT*", "model_pattern": "ac-??"}, True),
        ({"vendor_pattern": "volt"}, False),
        ({"model_pattern": "DC*"}, False),
        ({"firmware_pattern": "1.*"}, True),
        ({"firmware_pattern": "2.*"}, False),
        ({"active": False}, False),
    ],
)
def test_template_is_for_makes_that_fit(charger, values, fits):
    template(**values)
    assert bool(wanted_values(charger)) is fits


def test_another_cpos_template_means_nothing_here(charger):
    template(cpo=make_cpo())
    assert wanted_values(charger) == {}


def test_stronger_template_decides_key_by_key(charger):
    template({"A": "platform", "B": "platform"})
    template({"a": "own"}, cpo=charger.cpo)
    template({"B": "urgent"}, priority=5)
    assert {each.key: each.value for each in wanted_values(charger).values()} == {
        "a": "own",
        "B": "urgent",
    }


@pytest.mark.proves("ChangeConfiguration", "pain 55", "pain 54")
def test_run_sends_key_by_key_and_keeps_each_answer_in_the_chargers_words(charger):
    values = {**VALUES, "WebSocketPingInterval": "30", "Vendor": "x"}
    run = run_on(charger, values=values)
    assert silent(charger)
    assert sweep.advance_runs() == 1
    for key, status in zip(
        values, ("Accepted", "RebootRequired", "Rejected", "NotSupported"), strict=True
    ):
        command = asked(charger, "ChangeConfiguration")
        assert command.payload == {"key": key, "value": values[key]}
        assert silent(charger)
        answer(command, status=status)
    assert [said for _status, said in results(run)] == [
        "Accepted",
        "RebootRequired",
        "Rejected",
        "NotSupported",
    ]
    sweep.advance_runs()
    run.refresh_from_db()
    assert (run.status, run.items.get().status) == ("finished", "partly")
    assert run.finished_at is not None


def test_only_so_many_chargers_at_a_time(db):
    chargers = [make_online() for _ in range(4)]
    run = run_on(*chargers, values={"A": "1"}, parallel=2)
    assert sweep.advance_runs() == 2
    assert sweep.advance_runs() == 0
    first = [charger for charger in chargers if not silent_peek(charger)]
    assert len(first) == 2
    step(first[0], status="Accepted")
    assert sweep.advance_runs() == 1
    assert run.items.filter(status="done").count() == 1


def silent_peek(charger):
    return not charger.commands.filter(status="queued").exists()


def test_charger_that_leaves_in_the_middle_blocks_nobody_and_goes_on_when_it_is_back(charger):
    other = make_online()
    run = run_on(charger, other, parallel=1)
    sweep.advance_runs()
    charger.presence.online = False
    charger.presence.save()
    step(charger, status="Accepted")
    assert sweep.advance_runs() == 1
    assert not silent_peek(other)
    charger.presence.online = True
    charger.presence.save()
    sweep.advance_runs()
    step(charger, status="Accepted")
    assert run.items.get(charger=charger).status == "done"


def test_pause_holds_the_next_key_and_resume_goes_on(charger):
    run = run_on(charger)
    sweep.advance_runs()
    pause_run(run, actor="ana")
    step(charger, status="Accepted")
    assert silent(charger)
    assert sweep.advance_runs() == 0
    assert silent(charger)
    resume_run(run, actor="ana")
    sweep.advance_runs()
    step(charger, status="Accepted")
    sweep.advance_runs()
    run.refresh_from_db()
    assert run.status == "finished"
    assert list(
        AuditEntry.objects.filter(action__startswith="configuration_run")
        .values_list("action", flat=True)
        .order_by("pk")
    ) == [
        "configuration_run.start",
        "configuration_run.pause",
        "configuration_run.resume",
    ]


def test_cancelled_run_sends_nothing_more(charger):
    run = run_on(charger, make_online(online=False))
    sweep.advance_runs()
    cancel_run(run, actor="ana")
    step(charger, status="Accepted")
    assert silent(charger)
    assert results(run)[0] == ("answered", "Accepted")
    assert {status for status, _answer in results(run)[1:]} == {"cancelled"}
    with pytest.raises(ConflictError):
        resume_run(run, actor="ana")


def test_unanswered_key_is_asked_three_times(charger):
    run = run_on(charger, values={"A": "1"})
    sweep.advance_runs()
    for _ in range(3):
        expire(waiting(charger))
    assert silent(charger)
    assert results(run) == [("failed", "Not sent in time")]
    sweep.advance_runs()
    run.refresh_from_db()
    assert (run.status, run.items.get().status) == ("finished", "failed")


def test_callerror_is_an_answer(charger):
    run = run_on(charger, values={"A": "1"})
    sweep.advance_runs()
    refuse(waiting(charger), "NotSupported", "no")
    assert results(run) == [("answered", "NotSupported: no")]
    assert run.items.get().status == "failed"


def test_absent_charger_is_waited_for_and_then_given_up(db):
    charger = make_online(online=False)
    run = run_on(charger, values={"A": "1"})
    assert sweep.advance_runs() == 0
    ConfigurationRun.objects.update(created_at=clock.now() - timedelta(hours=25))
    sweep.advance_runs()
    run.refresh_from_db()
    assert (run.status, run.items.get().status) == ("finished", "failed")
    assert run.items.get().error == "The charger was away."


def test_two_runs_take_turns_at_one_charger(charger):
    run_on(charger, values={"A": "1"})
    run_on(charger, values={"A": "2"})
    sweep.advance_runs()
    step(charger, status="Accepted")
    assert silent(charger)
    sweep.advance_runs()
    sweep.advance_runs()
    assert asked(charger, "ChangeConfiguration").payload == {"key": "A", "value": "2"}


@pytest.mark.proves("pain 46")
def test_missed_answer_is_found_by_the_sweep(charger, monkeypatch):
    run = run_on(charger, values={"A": "1"})
    sweep.advance_runs()
    monkeypatch.setattr("chargers.services.outcomes.FOLLOWERS", {})
    step(charger, status="Accepted")
    assert results(run) == [("sent", "")]
    sweep.advance_runs()
    assert results(run) == [("answered", "Accepted")]


def test_late_answer_of_a_key_counts(charger, settings):
    settings.COMMAND_TIMEOUT_S = 0
    run = run_on(charger, values={"A": "1"})
    sweep.advance_runs()
    for _ in range(3):
        command = waiting(charger)
        assert expire_commands() == 1
    assert results(run) == [("failed", "No answer")]
    answer(command, status="Accepted")
    assert results(run) == [("answered", "Accepted")]
    assert run.items.get().status == "done"


@pytest.mark.proves("client 6")
def test_run_with_a_ruinous_value_sends_nothing_at_all(charger):
    with pytest.raises(InvalidError) as caught:
        run_on(charger, make_online(), values={"A": "1", "HeartbeatInterval": "abc"})
    assert caught.value.field == "value"
    assert "HeartbeatInterval" in str(caught.value)
    assert not ConfigurationRun.objects.exists()
    run_on(charger, values={"HeartbeatInterval": "abc"}, insist=True)
    with pytest.raises(InvalidError):
        run_on(charger, values={"AuthorizationKey": "x"}, insist=True)
    with pytest.raises(InvalidError):
        run_on(charger, values={"A": "1", "a": "2"})
    with pytest.raises(InvalidError):
        run_on(charger, parallel=0)


def test_template_run_sends_only_what_differs(charger):
    row = template()
    report(charger, HeartbeatInterval="300", MeterValueSampleInterval="30")
    other = make_online(vendor="Else", model="X")
    row.vendor_pattern = "volt*"
    row.save()
    run = start_template_run(row, chargers=[charger, other], actor="ana")
    change = ConfigurationChange.objects.get(item__run=run)
    assert (change.item.charger, change.key) == (charger, "MeterValueSampleInterval")
    ConfigurationKey.objects.update(value="60")
    ConfigurationKey.objects.filter(key="HeartbeatInterval").update(value="300")
    with pytest.raises(RefusedError):
        start_template_run(row, chargers=[charger], actor="ana")


def test_automatic_template_applies_itself_once_per_whole_reading(charger):
    template({"A": "1"}, policy=ApplyPolicy.AUTOMATIC)
    template({"B": "1"})
    report(charger, A="2", B="2")
    run = apply_automatically(charger)
    assert [change.key for change in ConfigurationChange.objects.filter(item__run=run)] == ["A"]
    assert apply_automatically(charger) is None
    sweep.advance_runs()
    step(charger, status="Rejected")
    sweep.advance_runs()
    run.refresh_from_db()
    assert run.status == "finished"
    sweep.advance_runs()
    assert ConfigurationRun.objects.count() == 1
