"""StartTransaction as chargers really send it (reference §2.7, §2.8, §2.20)."""

from __future__ import annotations

import pytest

from chargers.models import (
    BillingStatus,
    ChargingSession,
    Connector,
    IdTokenStatus,
    SessionStatus,
)
from chargers.tests.factories import (
    at,
    make_charger,
    make_token,
    send,
    send_one,
    start,
    stop,
)
from cpo.tests.factories import make_cpo

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    return make_charger()


@pytest.fixture
def token():
    return make_token("CAFE01")


def the_session() -> ChargingSession:
    return ChargingSession.objects.get()


@pytest.mark.proves("StartTransaction")
def test_start_makes_a_session_with_a_frozen_tariff(charger, token):
    answer = send_one(charger, start("CAFE01"))
    session = the_session()
    assert answer.id_tag_info.status == "Accepted"
    assert answer.transaction_id == session.transaction_id >= 1
    assert session.status == SessionStatus.ACTIVE
    assert session.tariff_version is not None
    assert session.tariff_snapshot["currency"] == "IDR"
    assert (session.id_token, session.meter_start_wh, session.energy_wh) == (token, 1000, 0)
    assert session.status_changes.get().status == "active"


@pytest.mark.proves("own 1", "pain 19", "quirk 6")
def test_same_start_again_gets_the_same_id_and_the_same_verdict(charger, token):
    first = send_one(charger, start("CAFE01"))
    again = send_one(charger, start("cafe01"))
    assert again == first
    assert ChargingSession.objects.count() == 1


def test_refused_start_again_gets_the_same_refusal_after_the_token_was_allowed(charger):
    first = send_one(charger, start("NOBODY"))
    make_token("NOBODY")
    assert send_one(charger, start("NOBODY")).id_tag_info.status == "Invalid"
    assert first.transaction_id == the_session().transaction_id


def test_start_after_the_stop_again_changes_nothing(charger, token):
    first = send_one(charger, start("CAFE01"))
    send_one(charger, stop(first.transaction_id))
    assert send_one(charger, start("CAFE01")) == first
    assert the_session().status == SessionStatus.ENDED


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ({}, "Accepted"),
        ({"status": IdTokenStatus.BLOCKED}, "Blocked"),
        ({"expires_at": at(-10)}, "Expired"),
    ],
)
def test_verdict_follows_the_token(charger, values, verdict):
    make_token("Tag", **values)
    assert send_one(charger, start("tAG")).id_tag_info.status == verdict
    assert the_session().authorization == verdict


@pytest.mark.proves("own 10", "pain 27", "quirk 9")
@pytest.mark.parametrize("tag", ["", "   ", "unknown", "x" * 21])
def test_unknown_and_blank_tags_are_stored_as_invalid(charger, tag):
    answer = send_one(charger, start(tag))
    assert answer.id_tag_info.status == "Invalid"
    assert answer.transaction_id >= 1
    assert the_session().id_tag == tag


@pytest.mark.proves("own 10", "quirk 8")
def test_tag_of_21_characters_is_the_token_of_20(charger):
    make_token("A" * 20)
    answer = send_one(charger, start("a" * 20 + "Z"))
    assert answer.id_tag_info.status == "Accepted"


def test_token_of_another_cpo_is_unknown_here(charger):
    make_token("THEIRS", cpo=make_cpo())
    assert send_one(charger, start("THEIRS")).id_tag_info.status == "Invalid"


def test_own_token_of_the_cpo_wins_over_the_platforms(charger):
    make_token("BOTH")
    make_token("both", cpo=charger.cpo, status=IdTokenStatus.BLOCKED)
    assert send_one(charger, start("BOTH")).id_tag_info.status == "Blocked"


@pytest.mark.proves("own 6", "own 9", "pain 28")
def test_token_in_use_at_another_charger_is_concurrent(charger, token):
    send_one(charger, start("CAFE01"))
    other = make_charger()
    answer = send_one(other, start("cafe01"))
    assert answer.id_tag_info.status == "ConcurrentTx"
    assert answer.transaction_id >= 1


@pytest.mark.proves("own 6")
def test_two_starts_with_one_token_in_one_batch_accept_the_first(charger, token):
    other = make_charger()
    answers = send((charger, start("CAFE01")), (other, start("CAFE01")))
    assert [answer.id_tag_info.status for answer in answers] == ["Accepted", "ConcurrentTx"]


def test_online_start_without_a_tariff_is_refused_and_says_why(token):
    bare = make_charger(tariff=False)
    answer = send_one(bare, start("CAFE01"), received_at=at(1))
    assert answer.id_tag_info.status == "Blocked"
    assert the_session().status_changes.get().reason.startswith("Refused: no tariff")


def test_offline_start_without_a_tariff_is_held_at_its_end(token):
    bare = make_charger(tariff=False)
    answer = send_one(bare, start("CAFE01", seconds=-3600))
    assert answer.id_tag_info.status == "Accepted"
    send_one(bare, stop(answer.transaction_id))
    session = the_session()
    assert session.billing_status == BillingStatus.HELD
    assert session.hold_reason == "No tariff was assigned when it started"


def test_start_at_a_cpo_that_is_not_verified_is_refused(token):
    charger = make_charger(cpo=make_cpo(verified=False))
    answer = send_one(charger, start("CAFE01"), received_at=at(1))
    assert answer.id_tag_info.status == "Blocked"


def test_unknown_connector_is_made_on_the_fly(charger, token):
    send_one(charger, start("CAFE01", connector=7))
    assert the_session().connector == Connector.objects.get(charger=charger, number=7)


@pytest.mark.proves("pain 24", "pain 25")
def test_batch_of_100_starts_is_a_fixed_number_of_statements(django_assert_max_num_queries):
    first = make_charger(connectors=1)
    chargers = [first] + [
        make_charger(connectors=1, location=first.location, tariff=False) for _ in range(99)
    ]
    tags = [make_token().token for _ in chargers]
    with django_assert_max_num_queries(12):
        answers = send(*[(c, start(t)) for c, t in zip(chargers, tags, strict=True)])
    assert len({answer.transaction_id for answer in answers}) == 100
