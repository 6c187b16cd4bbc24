"""A reservation is what the charger accepted; its end is a session, a time or somebody's word."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from chargers.admin.command_forms import AS_IT_IS
from chargers.events import ReservationChanged
from chargers.models import (
    ChargingSession,
    Command,
    CommandStatus,
    ConfigurationKey,
    Connector,
    Presence,
    Reservation,
    SessionStatusChange,
)
from chargers.services import outcomes
from chargers.services.commands import queue_command
from chargers.services.remote_starts.intents import start_remotely
from chargers.services.reservations import answers, asking, ends
from chargers.services.reservations.asking import change_reservation, reserve
from chargers.services.reservations.cancelling import cancel_reservation
from chargers.services.reservations.sweep import sweep_reservations
from chargers.store.work import StartTransaction
from chargers.tests.factories import make_charger, make_token, send_one
from cpo.access import visible
from cpo.models import AuditEntry
from cpo.services.api_keys import create_api_key
from cpo.tests.factories import make_member, make_user
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

HOUR = timedelta(hours=1)


@pytest.fixture
def charger():
    make_token("CAFE01")
    return make_charger()


@pytest.fixture
def told(monkeypatch):
    """What was published, in order."""
    events = []
    for module in (ends, asking, answers):
        monkeypatch.setattr(module, "publish", events.append)
    return events


def ask(charger, **values):
    usual = {
        "connector_number": 1,
        "id_tag": "CAFE01",
        "expires_at": clock.now() + HOUR,
        "actor": "test",
    }
    return reserve(charger, **(usual | values))


def answer(command, status="Accepted"):
    Command.objects.filter(pk=command.pk).update(status="sent", sent_at=clock.now())
    assert outcomes.mark_answered(command.pk, response={"status": status})


def made(charger, **values):
    """One that the charger accepted."""
    row = ask(charger, **values)
    answer(row.command)
    row.refresh_from_db()
    assert row.status == "active"
    return row


def begin(charger, *, tag="CAFE01", connector=1, number=None, ago=timedelta(0)):
    now = clock.now()
    work = StartTransaction(connector, tag, 1000, now - ago, reservation_id=number)
    send_one(charger, work, received_at=now)
    return ChargingSession.objects.latest("pk")


def state(row):
    row.refresh_from_db()
    return row.status


@pytest.mark.proves("ReserveNow")
def test_payload_is_what_the_specification_asks_for_and_the_row_waits(charger, told):
    make_token("GROUPED", group="FAMILY")
    end = clock.now().replace(microsecond=0) + HOUR
    row = ask(charger, id_tag="GROUPED", expires_at=end)
    assert row.command.payload == {
        "connectorId": 1,
        "expiryDate": clock.isoformat_z(end),
        "idTag": "GROUPED",
        "parentIdTag": "FAMILY",
        "reservationId": row.number,
    }
    assert (row.status, row.started_at, row.created_label) == ("requested", None, "test")
    assert AuditEntry.objects.get(action="reservation.ask").after["reservation"] == str(row.number)
    answer(row.command)
    assert state(row) == "active"
    assert row.started_at == Command.objects.get(pk=row.command_id).answered_at
    assert told == [
        ReservationChanged(row.pk, "requested"),
        ReservationChanged(row.pk, "active"),
    ]


@pytest.mark.parametrize("status", ["Faulted", "Occupied", "Unavailable", "Rejected"])
def test_refusal_is_kept_in_the_chargers_word(charger, status):
    row = ask(charger)
    answer(row.command, status)
    assert state(row) == "rejected"
    assert row.reason == status


def test_numbers_are_never_used_twice_even_beside_numbers_typed_by_hand(charger):
    first = made(charger)
    typed = first.number + 1
    command = queue_command(
        charger,
        action="ReserveNow",
        payload={
            "connectorId": 2,
            "expiryDate": clock.isoformat_z(clock.now() + HOUR),
            "idTag": "CAFE01",
            "reservationId": typed,
        },
        actor="test",
    )
    answer(command)
    by_hand = Reservation.objects.get(number=typed)
    assert (by_hand.status, by_hand.connector_number) == ("active", 2)
    third = ask(charger, connector_number=0)
    assert third.number == typed + 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id_tag", " "),
        ("id_tag", "x" * 21),
        ("parent_id_tag", "x" * 21),
        ("connector_number", 9),
        ("expires_at", clock.now() - HOUR),
    ],
)
def test_what_no_charger_can_take_is_refused_by_its_field(charger, field, value):
    with pytest.raises(InvalidError) as error:
        ask(charger, insist=True, **{field: value})
    assert error.value.field == field
    assert not Reservation.objects.exists()
    assert not Command.objects.exists()


def test_expected_refusal_is_told_and_insisting_asks_the_charger(charger):
    Connector.objects.filter(charger=charger, number=1).update(
        status="Charging", status_at=clock.now()
    )
    with pytest.raises(ConflictError) as error:
        ask(charger)
    assert error.value.code == "reservation_unlikely"
    assert not Command.objects.exists()
    assert ask(charger, insist=True).status == "requested"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, True),
        ({"SupportedFeatureProfiles": "Core,Reservation"}, False),
        (
            {
                "SupportedFeatureProfiles": "Core,Reservation",
                "ReserveConnectorZeroSupported": "true",
            },
            True,
        ),
        ({"SupportedFeatureProfiles": "Core", "ReserveConnectorZeroSupported": "true"}, False),
    ],
)
def test_connector_zero_is_warned_about_where_the_charger_lacks_it(charger, keys, expected):
    for key, value in keys.items():
        ConfigurationKey.objects.create(
            charger=charger, key=key, value=value, known=True, read_at=clock.now()
        )
    if expected:
        assert ask(charger, connector_number=0).status == "requested"
    else:
        with pytest.raises(ConflictError):
            ask(charger, connector_number=0)
        assert ask(charger, connector_number=0, insist=True).status == "requested"


def test_same_click_twice_asks_once(charger):
    ask(charger)
    with pytest.raises(ConflictError) as error:
        ask(charger, insist=True)
    assert error.value.code == "reservation_pending"
    assert Command.objects.count() == 1


def test_database_keeps_one_active_per_connector_and_zero_beside_it(charger):
    row = made(charger)
    zero = made(charger, connector_number=0)
    assert zero.status == "active"
    with pytest.raises(IntegrityError, match="connector_has_one_active"), transaction.atomic():
        Reservation.objects.filter(pk=zero.pk).update(connector_number=row.connector_number)


def test_charger_that_accepts_a_second_one_let_go_of_the_first(charger):
    first = made(charger)
    second = made(charger, id_tag="OTHER", insist=True)
    assert state(first) == "cancelled"
    assert first.reason == f"The charger gave the connector to reservation {second.number}"


def test_undelivered_errors_and_silence_fail_and_say_which(charger):
    expired = ask(charger, connector_number=1)
    Command.objects.filter(pk=expired.command_id).update(deadline_at=clock.now())
    outcomes.expire_commands()
    assert (state(expired), expired.reason) == ("failed", "It could not be sent in time")
    failed = ask(charger, connector_number=2)
    Command.objects.filter(pk=failed.command_id).update(status="sent", sent_at=clock.now())
    outcomes.mark_failed(failed.command_id, error="NotSupported")
    assert state(failed) == "failed"
    assert failed.reason == "The charger answered with an error: NotSupported"


def test_late_answer_is_still_the_chargers_answer(charger):
    row = ask(charger)
    Command.objects.filter(pk=row.command_id).update(status="sent", sent_at=clock.now())
    outcomes.mark_timed_out(row.command_id)
    assert (state(row), row.reason) == ("failed", "The charger did not answer")
    assert outcomes.mark_answered(row.command_id, response={"status": "Accepted"})
    assert (state(row), row.reason, row.ended_at) == ("active", "", None)


def test_never_waits_longer_than_it_would_last(charger):
    row = ask(charger, expires_at=clock.now() + timedelta(seconds=20))
    assert row.command.deadline_at <= row.expires_at + timedelta(seconds=1)


def test_change_asks_with_the_same_number_and_holds_when_accepted(charger, told):
    row = made(charger)
    later = (clock.now() + 2 * HOUR).replace(microsecond=0)
    told.clear()
    changed = change_reservation(row, expires_at=later, actor="test")
    assert changed.command.payload["reservationId"] == row.number
    assert changed.command.payload["expiryDate"] == clock.isoformat_z(later)
    assert changed.expires_at != later
    entry = AuditEntry.objects.get(action="reservation.change")
    assert (entry.subject_id, entry.after) == (str(row.pk), {"expires_at": str(later)})
    with pytest.raises(ConflictError, match="not answered"):
        change_reservation(row, id_tag="OTHER", actor="test")
    answer(changed.command)
    assert state(row) == "active"
    assert row.expires_at == later
    assert told == [ReservationChanged(row.pk, "active")]


def test_plain_command_with_its_number_changes_it(charger):
    row = made(charger)
    later = (clock.now() + 2 * HOUR).replace(microsecond=0)
    payload = row.command.payload | {"expiryDate": clock.isoformat_z(later), "connectorId": 2}
    command = queue_command(charger, action="ReserveNow", payload=payload, actor="test")
    answer(command)
    assert state(row) == "active"
    assert (row.expires_at, row.connector_number, row.command) == (later, 2, command)
    assert Reservation.objects.count() == 1


def test_refused_change_leaves_it_as_it_was(charger):
    row = made(charger)
    before = row.expires_at
    changed = change_reservation(row, expires_at=clock.now() + 2 * HOUR, actor="test")
    answer(changed.command, "Rejected")
    assert state(row) == "active"
    assert (row.expires_at, row.note) == (before, "Not changed: Rejected")


@pytest.mark.proves("CancelReservation")
@pytest.mark.parametrize(
    ("status", "reason"),
    [("Accepted", ""), ("Rejected", "The charger held no such reservation")],
)
def test_cancelled_when_the_charger_says_so(charger, status, reason):
    row = made(charger)
    cancelled = cancel_reservation(row, actor="test")
    assert cancelled.cancel_command.payload == {"reservationId": row.number}
    assert state(row) == "active"
    with pytest.raises(ConflictError, match="asked already"):
        cancel_reservation(row, actor="test")
    answer(cancelled.cancel_command, status)
    assert (state(row), row.reason) == ("cancelled", reason)
    assert row.ended_at >= row.started_at
    with pytest.raises(ConflictError, match="over"):
        cancel_reservation(row, actor="test")


def test_unanswered_cancel_leaves_it_and_says_so(charger):
    row = made(charger)
    command = cancel_reservation(row, actor="test").cancel_command
    Command.objects.filter(pk=command.pk).update(deadline_at=clock.now())
    outcomes.expire_commands()
    assert state(row) == "active"
    assert row.note == "Not cancelled: It could not be sent in time"


def test_unsent_one_is_only_taken_out_of_the_queue(charger):
    row = cancel_reservation(ask(charger), actor="test")
    assert (row.status, row.reason) == ("cancelled", "Taken back before it was sent")
    assert row.cancel_command is None
    assert Command.objects.get().status == CommandStatus.CANCELLED


def test_own_tag_uses_it_also_when_the_charger_names_no_number(charger):
    row = made(charger)
    session = begin(charger, tag="cafe01")
    assert state(row) == "used"
    assert (row.session, row.ended_at) == (session, max(session.started_at, row.started_at))


def test_tag_of_the_same_group_uses_it(charger):
    make_token("FATHER", group="FAMILY")
    make_token("MOTHER", group="family")
    row = made(charger, id_tag="FATHER")
    begin(charger, tag="MOTHER")
    assert state(row) == "used"


def test_connector_zero_is_used_at_any_connector(charger):
    row = made(charger, connector_number=0)
    begin(charger, connector=2)
    assert state(row) == "used"


def test_own_connectors_reservation_is_used_before_that_of_any(charger):
    any_one, own = made(charger, connector_number=0), made(charger)
    begin(charger)
    assert (state(any_one), state(own)) == ("active", "used")


def test_start_with_its_number_uses_it_although_it_had_ended_here(charger):
    row = made(charger, expires_at=clock.now() + HOUR)
    Reservation.objects.filter(pk=row.pk).update(expires_at=clock.now() - timedelta(minutes=5))
    assert sweep_reservations() == 1
    begin(charger, number=row.number, ago=timedelta(minutes=10))
    assert state(row) == "used"


def test_start_sent_again_uses_nothing_more(charger):
    first = made(charger)
    now = clock.now()
    work = StartTransaction(1, "CAFE01", 1000, now)
    send_one(charger, work, received_at=now)
    second = made(charger, insist=True)
    send_one(charger, work, received_at=now)
    assert (state(first), state(second)) == ("used", "active")


def test_number_of_another_chargers_reservation_uses_nothing(charger):
    row = made(charger)
    begin(make_charger(identity="CP2"), number=row.number)
    assert state(row) == "active"


def test_refused_start_uses_nothing(charger):
    row = made(charger)
    session = begin(charger, tag="NOBODY", number=row.number)
    assert session.authorization == "Invalid"
    assert state(row) == "active"


def test_other_tag_that_the_charger_let_start_is_noted(charger):
    make_token("OTHER")
    row = made(charger)
    session = begin(charger, tag="OTHER")
    assert session.authorization == "Accepted"
    assert state(row) == "active"
    assert row.note == f"Session {session.transaction_id} was started here with another id tag"
    assert SessionStatusChange.objects.filter(
        session=session, reason="Its connector was reserved for another id tag"
    ).exists()


def test_session_before_the_reservation_does_not_use_it(charger):
    row = made(charger)
    begin(charger, ago=timedelta(minutes=30))
    assert state(row) == "active"


def test_start_costs_no_query_more_where_nothing_is_reserved(
    charger, django_assert_max_num_queries
):
    make_token("OTHER")
    with django_assert_max_num_queries(100) as plain:
        begin(charger, tag="OTHER", connector=2)
    assert not [query for query in plain if 'FROM "chargers_reservation"' in query["sql"]]
    made(charger)
    with django_assert_max_num_queries(100) as reserved:
        begin(charger)
    assert [query for query in reserved if 'FROM "chargers_reservation"' in query["sql"]]


def test_end_of_time_ends_it_and_says_when_the_charger_was_offline(charger, told):
    for number, online in ((1, True), (2, False)):
        row = made(charger, connector_number=number)
        Presence.objects.update_or_create(
            charger=charger, defaults={"online": online, "last_seen_at": clock.now()}
        )
        told.clear()
        assert ends.expire_reservations(row.expires_at) == 1
        assert (state(row), row.ended_at) == ("expired", row.expires_at)
        assert row.reason == ("" if online else "The charger was offline when it ended")
        assert told == [ReservationChanged(row.pk, "expired")]
        assert ends.expire_reservations(row.expires_at) == 0


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
@pytest.mark.parametrize("whole", [True, False])
def test_broken_connector_or_charger_ends_it(charger, status, whole):
    row = made(charger)
    before = row.started_at - timedelta(seconds=1)
    rows = type(charger).objects if whole else Connector.objects.filter(number=1)
    rows.update(status=status, status_at=before)
    assert sweep_reservations() == 0
    rows.update(status=status, status_at=row.started_at + timedelta(seconds=1))
    assert sweep_reservations() == 1
    assert state(row) == "cancelled"
    assert row.reason == f"The connector or the charger became {status}"


def test_answer_that_nothing_followed_from_is_found_by_the_sweep(charger, monkeypatch):
    row = ask(charger)
    with monkeypatch.context() as broken:
        broken.setattr(outcomes, "follow", lambda command: None)
        answer(row.command)
    assert state(row) == "requested"
    assert sweep_reservations() == 1
    assert state(row) == "active"


def test_remote_start_with_another_tag_is_refused_unless_insisted_on(charger):
    make_token("OTHER")
    row = made(charger)
    with pytest.raises(ConflictError) as error:
        start_remotely(charger, id_tag="OTHER", connector_number=1, actor="test")
    assert error.value.code == "connector_reserved"
    assert start_remotely(charger, id_tag="OTHER", connector_number=2, actor="test")
    assert start_remotely(charger, id_tag="OTHER", connector_number=1, actor="test", insist=True)
    assert state(row) == "active"


def test_remote_start_with_its_own_tag_goes_through(charger):
    made(charger)
    assert start_remotely(charger, id_tag="cafe01", connector_number=1, actor="test")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"reservationId": "7"},
        {"reservationId": True, "connectorId": 1, "idTag": "A", "expiryDate": "x"},
        {"reservationId": 7, "connectorId": 1, "idTag": "A", "expiryDate": "2026-13-45T00:00:00Z"},
        {"reservationId": 2**31, "connectorId": 1, "idTag": "A", "expiryDate": "2030-01-01T00Z"},
    ],
)
def test_command_that_no_reservation_can_be_made_of_stays_a_command(charger, payload):
    for action in ("ReserveNow", "CancelReservation"):
        command = queue_command(charger, action=action, payload=payload, actor="test")
        answer(command)
        command.refresh_from_db()
        assert command.status == "answered"
    assert not Reservation.objects.exists()


def test_plain_command_cancels_it_too(charger):
    row = made(charger)
    command = queue_command(
        charger, action="CancelReservation", payload={"reservationId": row.number}, actor="test"
    )
    answer(command)
    assert state(row) == "cancelled"
    assert row.cancel_command == command


def test_rival_company_does_not_see_it(charger):
    row = made(charger)
    own, rival = make_member(charger.cpo), make_member(make_charger().cpo)
    assert visible(own, Reservation.objects.all()).get() == row
    assert not visible(rival, Reservation.objects.all()).exists()


START = {"connectorId": 1, "idTag": "OTHER"}


@pytest.mark.parametrize(("insist", "status"), [(False, 409), (True, 202)])
def test_command_api_refuses_such_a_start_unless_insisted_on(client, charger, insist, status):
    made(charger)
    key = create_api_key(name="Acme", cpo=charger.cpo, scopes=(), actor="test")[1]
    response = client.post(
        f"/api/chargers/{charger.identity}/commands",
        {"action": "RemoteStartTransaction", "payload": START, "insist": insist},
        content_type="application/json",
        headers={"Authorization": f"Api-Key {key}", "Accept-Language": "en"},
    )
    assert response.status_code == status
    assert Command.objects.filter(action="RemoteStartTransaction").exists() is insist
    if status == 409:
        assert "is reserved for another id tag until" in response.json()["detail"]


def test_command_form_refuses_such_a_start_and_sends_it_as_it_is(client, charger):
    made(charger)
    client.force_login(make_user(is_staff=True, is_superuser=True))
    base = reverse("admin:chargers_charger_command", args=(charger.pk,))
    typed = {name: str(value) for name, value in START.items()}
    response = client.post(f"{base}RemoteStartTransaction/", typed)
    assert response.context["doubts"]
    assert not Command.objects.filter(action="RemoteStartTransaction").exists()
    form = {"action": "RemoteStartTransaction", "payload_text": json.dumps(START)}
    client.post(f"{base}{AS_IT_IS}/", form)
    assert Command.objects.get(action="RemoteStartTransaction").payload == START
