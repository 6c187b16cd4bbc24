"""Our commands to others' chargers: sent once, answered late, twice or never (reference §10)."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from ocpi.events import SentCommandQueued
from ocpi.models import PartnerEndpoint, SentCommand
from ocpi.services.calling.transport import Call
from ocpi.services.drivers.contracts import block_contract, change_credit
from ocpi.services.sent_commands import sending
from ocpi.services.sent_commands.asking import (
    Asker,
    Target,
    ask_cancellation,
    ask_reservation,
    ask_start,
    ask_stop,
    ask_unlock,
)
from ocpi.services.sent_commands.results import sweep_sent_commands
from ocpi.services.sent_commands.sending import response_url, send_command
from ocpi.tests.calling import Caller, code
from ocpi.tests.emsp import connect_operator, let_roam, make_emsp_party
from ocpi.tests.emsp_objects import (
    CancelReservation,
    ReserveNow,
    StartSession,
    StopSession,
    UnlockConnector,
)
from ocpi.tests.peer import success
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError
from unievp.lib.events import subscribe, unsubscribe

pytestmark = pytest.mark.django_db
DESK = Asker("help desk")
SHAPES = {
    "START_SESSION": StartSession,
    "STOP_SESSION": StopSession,
    "RESERVE_NOW": ReserveNow,
    "CANCEL_RESERVATION": CancelReservation,
    "UNLOCK_CONNECTOR": UnlockConnector,
}


@pytest.fixture
def operator(peer):
    make_emsp_party()
    peer.answers["POST"] = response("ACCEPTED", 30)
    return connect_operator(peer)


@pytest.fixture
def token(operator):
    return let_roam().tokens.get()


@pytest.fixture
def target(operator):
    return Target(operator, "de", "cpo", "LOC1", "EVSE1", "1")


@pytest.fixture
def tell(operator):
    """What the partner says at the command's own address."""

    def say(row, result, **body):
        path = response_url(row).removeprefix("https://uniev.example")
        answer = Caller(operator.access_token).post(path, {"result": result, **body})
        row.refresh_from_db()
        return answer

    return say


def response(result, timeout=0, text=""):
    message = [{"language": "en", "text": text}] if text else []
    return 200, success({"result": result, "timeout": timeout, "message": message})


def sent(row):
    send_command(str(row.pk))
    row.refresh_from_db()
    return row


def test_start_carries_the_drivers_token_and_an_address_of_its_own(token, target, peer):
    row = sent(ask_start(token, target, asker=Asker("test", token.contract.driver)))
    assert (row.status, row.country_code, row.party_id) == ("accepted", "DE", "CPO")
    (call,) = peer.calls("POST")
    StartSession.model_validate(call.body)
    assert call.path == "/2.2.1/commands/START_SESSION"
    assert call.body["token"]["uid"] == token.uid
    assert call.body["response_url"] == (
        f"https://uniev.example/ocpi/emsp/2.2.1/commands/START_SESSION/{row.key}"
    )
    assert call.body["authorization_reference"] == row.authorization_reference
    heads = {name: call.headers[f"ocpi-{name}"] for name in ("from-party-id", "to-party-id")}
    assert heads == {"from-party-id": "UNV", "to-party-id": "CPO"}
    assert len(row.key) == 43


def test_every_command_is_as_the_specification_has_it(token, target, peer):
    held = sent(ask_reservation(token, target, until=soon(), asker=DESK))
    SentCommand.objects.filter(pk=held.pk).update(status="succeeded", ended_at=clock.now())
    for row in (
        ask_stop("SESSION1", target, asker=DESK),
        ask_unlock(target, asker=DESK),
        ask_cancellation(held, asker=DESK),
    ):
        assert sent(row).status == "accepted"
    bodies = {one.path.rsplit("/", 1)[1]: one.body for one in peer.calls("POST")}
    for kind, body in bodies.items():
        SHAPES[kind].model_validate(body)
    assert bodies["STOP_SESSION"]["session_id"] == "SESSION1"
    assert bodies["CANCEL_RESERVATION"]["reservation_id"] == held.reservation_id
    assert len(bodies) == 4


def soon():
    return clock.now() + timedelta(minutes=30)


def test_result_ends_the_command_and_again_changes_nothing(token, target, tell):
    row = sent(ask_start(token, target, asker=DESK))
    assert code(tell(row, "ACCEPTED")) == (200, 1000)
    assert (row.status, row.result) == ("succeeded", "ACCEPTED")
    ended = row.ended_at
    for result in ("ACCEPTED", "FAILED"):
        assert code(tell(row, result)) == (200, 1000)
        assert (row.status, row.result, row.ended_at) == ("succeeded", "ACCEPTED", ended)


def test_result_that_is_no_yes_refuses_and_keeps_its_words(token, target, tell):
    row = sent(ask_start(token, target, asker=DESK))
    tell(row, "EVSE_OCCUPIED", message={"language": "en", "text": "Somebody charges"})
    assert (row.status, row.result, row.message) == (
        "refused",
        "EVSE_OCCUPIED",
        "Somebody charges",
    )


def test_late_result_counts(token, target, tell):
    row = sent(ask_start(token, target, asker=DESK))
    later = row.deadline_at + timedelta(seconds=1)
    assert sweep_sent_commands(later) == 1
    row.refresh_from_db()
    assert (row.status, row.result) == ("timed_out", "")
    tell(row, "ACCEPTED")
    assert (row.status, row.result) == ("succeeded", "ACCEPTED")


def test_result_that_overtakes_its_response_stays(token, target, tell, monkeypatch):
    row = ask_start(token, target, asker=DESK)
    call = sending.try_call

    def hear_first(*parts):
        tell(row, "ACCEPTED")
        return call(*parts)

    monkeypatch.setattr(sending, "try_call", hear_first)
    assert sent(row).status == "succeeded"


def test_yes_of_the_charger_weighs_more_than_a_refusal_of_the_repetition(token, target, tell, peer):
    peer.answers["POST"] = response("REJECTED", 0, "A start is under way")
    row = sent(ask_start(token, target, asker=DESK))
    assert row.status == "refused"
    tell(row, "ACCEPTED")
    assert row.status == "succeeded"
    tell(row, "REJECTED")
    assert (row.status, row.result) == ("succeeded", "ACCEPTED")


def test_refusal_of_the_charger_stays(token, target, tell):
    row = sent(ask_start(token, target, asker=DESK))
    tell(row, "FAILED")
    tell(row, "ACCEPTED")
    assert (row.status, row.result) == ("refused", "FAILED")


def test_address_is_the_partners_alone_and_cannot_be_guessed(token, target, tell, peer):
    row = sent(ask_start(token, target, asker=DESK))
    other = connect_operator(peer, party=("DE", "OTH"))
    path = response_url(row).removeprefix("https://uniev.example")
    body = {"result": "ACCEPTED"}
    assert code(Caller(other.access_token).post(path, body)) == (404, 2000)
    own = Caller(target.partner.access_token)
    assert code(own.post(path[:-1], body)) == (404, 2000)
    assert code(own.post(path.replace("START", "STOP"), body)) == (404, 2000)
    assert code(own.post(path, {})) == (200, 2001)
    assert code(Caller("nobody").post(path, body)) == (401, 2000)
    row.refresh_from_db()
    assert row.status == "accepted"


@pytest.mark.parametrize(
    ("answer", "status", "result"),
    [
        (response("REJECTED", 0, "The charger is offline"), "refused", "REJECTED"),
        (response("NOT_SUPPORTED"), "refused", "NOT_SUPPORTED"),
        ((200, {"status_code": 2003, "timestamp": "2026-02-01T09:30:00Z"}), "refused", "REJECTED"),
        ((404, success()), "refused", "REJECTED"),
        # What may have arrived stays open, and is never sent again.
        ((503, b"busy"), "sent", ""),
        ((200, success({"result": "ACCEPTED"})), "sent", ""),
    ],
)
def test_response_that_is_no_yes(token, target, peer, answer, status, result):
    peer.answers["POST"] = answer
    row = sent(ask_start(token, target, asker=DESK))
    assert (row.status, row.result) == (status, result)
    sent(row)
    sweep_sent_commands()
    assert len(peer.calls("POST")) == 1
    assert row.status == "refused" or row.error


def test_lost_answer_never_starts_twice(token, target, peer, tell, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(sending, "Call", partial(Call, timeout_s=0.1))
    peer.answers["POST"] = lambda _request: over.wait(10) and response("ACCEPTED", 30)
    row = sent(ask_start(token, target, asker=DESK))
    over.set()
    assert (row.status, row.error) == ("sent", "no answer within 0.1 s")
    with pytest.raises(ConflictError):
        ask_start(token, target, asker=DESK)
    sent(row)
    sweep_sent_commands()
    # On a busy machine it may not even have got there once.
    assert len(peer.calls("POST")) <= 1
    tell(row, "ACCEPTED")
    assert row.status == "succeeded"


def test_partner_that_nobody_reaches_was_not_asked(token, target):
    PartnerEndpoint.objects.update(url="http://127.0.0.1:9/commands")
    row = sent(ask_start(token, target, asker=DESK))
    assert (row.status, row.result) == ("refused", "FAILED")
    assert row.error
    # So another try is no second start.
    assert ask_start(token, target, asker=DESK).status == "queued"


def test_two_senders_send_once(token, target, peer):
    row = ask_start(token, target, asker=DESK)
    assert send_command(str(row.pk)) is True
    assert send_command(str(row.pk)) is False
    assert len(peer.calls("POST")) == 1


def test_no_transaction_is_open_during_the_call(token, target, monkeypatch):
    row = ask_start(token, target, asker=DESK)
    call, outside, depths = sending.try_call, len(connection.savepoint_ids), []

    def look(*parts):
        depths.append(len(connection.savepoint_ids))
        return call(*parts)

    monkeypatch.setattr(sending, "try_call", look)
    assert sent(row).status == "accepted"
    assert depths == [outside]


def test_command_that_waited_too_long_is_not_sent(token, target, peer):
    row = ask_start(token, target, asker=DESK)
    SentCommand.objects.update(deadline_at=clock.now())
    sent(row)
    assert (row.status, peer.calls("POST")) == ("timed_out", [])


def test_lost_nudge_is_found(token, target, django_capture_on_commit_callbacks):
    heard: list[SentCommandQueued] = []
    row = ask_start(token, target, asker=DESK)
    subscribe(SentCommandQueued, heard.append)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            sweep_sent_commands()
    finally:
        unsubscribe(SentCommandQueued, heard.append)
    assert heard == [SentCommandQueued(str(row.pk))]


def test_who_may_not_roam_starts_nothing(token, target, peer):
    contract = token.contract
    change_credit(contract, credit_limit=0, actor="test")
    token.refresh_from_db()
    for reason in ("no_credit", "blocked"):
        if reason == "blocked":
            block_contract(contract, reason="Unpaid", actor="test")
        token.contract.refresh_from_db()
        with pytest.raises(RefusedError) as caught:
            ask_start(token, target, asker=DESK)
        assert caught.value.code == reason
        with pytest.raises(RefusedError):
            ask_reservation(token, target, until=soon(), asker=DESK)
    assert not SentCommand.objects.exists()


def test_partner_without_commands_or_paused_is_not_asked(token, target):
    PartnerEndpoint.objects.filter(identifier="commands").delete()
    with pytest.raises(RefusedError) as caught:
        ask_start(token, target, asker=DESK)
    assert caught.value.code == "no_commands"
    target.partner.status = "suspended"
    with pytest.raises(RefusedError) as caught:
        ask_stop("S", target, asker=DESK)
    assert caught.value.code == "partner_away"


def test_partner_that_left_before_the_call_is_not_called(token, target, peer):
    row = ask_start(token, target, asker=DESK)
    type(target.partner).objects.filter(pk=target.partner.pk).update(status="suspended")
    assert sent(row).status == "refused"
    assert not peer.calls("POST")


def test_reservation_is_withdrawn_by_the_other_side(token, target, tell):
    row = sent(ask_reservation(token, target, until=soon(), asker=DESK))
    tell(row, "ACCEPTED")
    tell(row, "CANCELED_RESERVATION")
    assert row.status == "cancelled"
    with pytest.raises(ConflictError):
        ask_cancellation(row, asker=DESK)


def test_stop_and_cancellation_are_asked_once_at_a_time(token, target, tell):
    row = sent(ask_stop("S1", target, asker=DESK))
    with pytest.raises(ConflictError):
        ask_stop("S1", target, asker=DESK)
    tell(row, "REJECTED")
    assert ask_stop("S1", target, asker=DESK).status == "queued"
    held = sent(ask_reservation(token, target, until=soon(), asker=DESK))
    tell(held, "ACCEPTED")
    ask_cancellation(held, asker=DESK)
    with pytest.raises(ConflictError):
        ask_cancellation(held, asker=DESK)


@pytest.mark.parametrize("hours", [-1, 25])
def test_reservation_is_for_a_time_to_come(token, target, hours):
    with pytest.raises(InvalidError):
        ask_reservation(token, target, until=clock.now() + timedelta(hours=hours), asker=DESK)


def test_unlock_names_its_connector(target):
    with pytest.raises(InvalidError):
        ask_unlock(Target(target.partner, "DE", "CPO", "LOC1"), asker=DESK)
