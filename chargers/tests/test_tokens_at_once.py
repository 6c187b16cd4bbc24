"""How many sessions a token may run at once, without a race; and who may stop for whom."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from chargers.models import ChargingSession, SessionStatus
from chargers.tests.factories import (
    at,
    make_charger,
    make_token,
    meter_values,
    reading,
    send,
    send_one,
    start,
    stop,
)

pytestmark = [pytest.mark.proves("pain 28", "own 6")]


def verdicts(token, chargers):
    return [send_one(charger, start(token)).id_tag_info.status for charger in chargers]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (1, ["Accepted", "ConcurrentTx", "ConcurrentTx"]),
        (2, ["Accepted", "Accepted", "ConcurrentTx"]),
        (None, ["Accepted", "Accepted", "Accepted"]),
    ],
)
def test_token_runs_as_many_sessions_as_it_may(most, expected):
    make_token("FLEET", max_concurrent=most)
    assert verdicts("fleet", [make_charger() for _ in range(3)]) == expected
    assert ChargingSession.objects.count() == 3


@pytest.mark.django_db
def test_starts_of_one_batch_count_each_other():
    make_token("FLEET", max_concurrent=2)
    answers = send(*[(make_charger(), start("FLEET")) for _ in range(3)])
    assert [answer.id_tag_info.status for answer in answers] == [
        "Accepted",
        "Accepted",
        "ConcurrentTx",
    ]


@pytest.mark.django_db
def test_session_that_ended_frees_its_place():
    make_token("FLEET")
    one, other = make_charger(), make_charger()
    number = send_one(one, start("FLEET")).transaction_id
    send_one(one, stop(number))
    assert verdicts("FLEET", [other]) == ["Accepted"]


@pytest.mark.django_db
@pytest.mark.proves("own 10")
def test_tag_that_overran_its_20_characters_is_in_use_like_its_token():
    make_token("A" * 20)
    one, other = make_charger(), make_charger()
    assert verdicts("A" * 20, [one]) + verdicts("A" * 20 + "Z", [other]) == [
        "Accepted",
        "ConcurrentTx",
    ]


@pytest.mark.django_db(transaction=True)
def test_one_tag_started_at_two_chargers_in_one_moment_is_accepted_once():
    make_token("RACE")
    chargers = [make_charger() for _ in range(4)]
    ready = threading.Barrier(len(chargers))
    answers = []

    def begin(charger):
        try:
            ready.wait(10)
            answers.append(send_one(charger, start("RACE")).id_tag_info.status)
        finally:
            connection.close()

    threads = [threading.Thread(target=begin, args=(charger,)) for charger in chargers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == ["Accepted", "ConcurrentTx", "ConcurrentTx", "ConcurrentTx"]
    assert ChargingSession.objects.filter(authorization="Accepted").count() == 1


@pytest.mark.django_db
@pytest.mark.proves("own 8", "own 3", "pain 23", "quirk 5")
def test_nameless_stop_by_another_tag_of_the_group_ends_the_sessions_of_its_group():
    charger = make_charger()
    make_token("DAD", group="FAMILY")
    make_token("MUM", group="FAMILY")
    make_token("STRANGER")
    send_one(charger, start("STRANGER", connector=2))
    send_one(charger, start("DAD"))
    send_one(charger, stop(-1, id_tag="MUM"))
    assert ChargingSession.objects.get(id_tag="STRANGER").status == SessionStatus.ACTIVE
    ended = ChargingSession.objects.get(id_tag="DAD")
    assert (ended.status, ended.stop_id_tag) == (SessionStatus.ENDED, "MUM")
    reason = ended.status_changes.last().reason
    assert reason == "Transaction id -1 was matched by the group of its id tag"


@pytest.mark.django_db
@pytest.mark.proves("own 8")
def test_parent_value_itself_is_no_tag():
    charger = make_charger()
    make_token("DAD", group="FAMILY")
    assert send_one(charger, start("FAMILY")).id_tag_info.status == "Invalid"


@pytest.mark.django_db
@pytest.mark.proves("pain 21")
@pytest.mark.parametrize("transaction_id", [-1, 0, 31337])
def test_nameless_stop_by_a_stranger_ends_nobodys_session(transaction_id):
    charger = make_charger()
    make_token("DAD")
    make_token("STRANGER")
    send_one(charger, start("DAD"))
    send_one(charger, stop(transaction_id, id_tag="STRANGER"))
    assert ChargingSession.objects.get().status == SessionStatus.ACTIVE


@pytest.mark.django_db
@pytest.mark.proves("own 3")
def test_nameless_stop_without_a_tag_must_fit_the_meter_of_the_only_session():
    charger = make_charger()
    make_token("DAD")
    send_one(charger, start("DAD", meter=50_000))
    send_one(charger, stop(-1, meter=400))
    assert ChargingSession.objects.get().status == SessionStatus.ACTIVE
    send_one(charger, stop(-1, meter=50_400))
    assert ChargingSession.objects.get().energy_wh == 400


@pytest.mark.django_db
@pytest.mark.proves("own 7", "pain 37")
def test_readings_of_a_late_start_leave_the_session_that_had_them():
    charger = make_charger()
    make_token("ONE")
    make_token("TWO")
    send_one(charger, start("ONE"))
    send_one(charger, meter_values(-1, reading(10, 1100)))
    send_one(charger, meter_values(-1, reading(70, 1700)))
    assert ChargingSession.objects.get().energy_wh == 700
    send_one(charger, start("TWO", seconds=60, meter=1600), received_at=at(100))
    energies = dict(ChargingSession.objects.values_list("id_tag", "energy_wh"))
    assert energies == {"ONE": 100, "TWO": 100}
