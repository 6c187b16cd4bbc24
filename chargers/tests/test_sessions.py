"""Transactions as chargers really send them (reference §2.7, §2.20)."""

from __future__ import annotations

import pytest

from chargers.models import (
    BillingStatus,
    ChargingSession,
    Connector,
    IdTokenStatus,
    MeterReading,
    OrphanStop,
    SessionStatus,
)
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


@pytest.mark.parametrize("tag", ["", "   ", "unknown", "x" * 21])
def test_unknown_and_blank_tags_are_stored_as_invalid(charger, tag):
    answer = send_one(charger, start(tag))
    assert answer.id_tag_info.status == "Invalid"
    assert answer.transaction_id >= 1
    assert the_session().id_tag == tag


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


def test_token_in_use_at_another_charger_is_concurrent(charger, token):
    send_one(charger, start("CAFE01"))
    other = make_charger()
    answer = send_one(other, start("cafe01"))
    assert answer.id_tag_info.status == "ConcurrentTx"
    assert answer.transaction_id >= 1


def test_two_starts_with_one_token_in_one_batch_accept_the_first(charger, token):
    other = make_charger()
    answers = send((charger, start("CAFE01")), (other, start("CAFE01")))
    assert [answer.id_tag_info.status for answer in answers] == ["Accepted", "ConcurrentTx"]


def test_online_start_without_a_tariff_is_refused_and_says_why(token):
    bare = make_charger(tariff=False)
    assert send_one(bare, start("CAFE01")).id_tag_info.status == "Blocked"
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
    assert send_one(charger, start("CAFE01")).id_tag_info.status == "Blocked"


def test_unknown_connector_is_made_on_the_fly(charger, token):
    send_one(charger, start("CAFE01", connector=7))
    assert the_session().connector == Connector.objects.get(charger=charger, number=7)


def test_stop_ends_the_session_with_its_energy(charger, token):
    answer = send_one(charger, start("CAFE01"))
    info = send_one(charger, stop(answer.transaction_id, id_tag="CAFE01", reason="EVDisconnected"))
    session = the_session()
    assert info.status == "Accepted"
    assert (session.status, session.energy_wh, session.meter_stop_wh) == ("ended", 2000, 3000)
    assert (session.stop_reason, session.ended_at) == ("EVDisconnected", at(100))
    assert session.billing_status == BillingStatus.UNBILLED


def test_stop_without_a_tag_is_answered_without_a_verdict(charger, token):
    answer = send_one(charger, start("CAFE01"))
    assert send_one(charger, stop(answer.transaction_id)) is None


def test_second_stop_changes_nothing(charger, token):
    answer = send_one(charger, start("CAFE01"))
    data = (reading(100, 3000),)
    send_one(charger, stop(answer.transaction_id, readings=data))
    before = ChargingSession.objects.values().get()
    send_one(charger, stop(answer.transaction_id, readings=data))
    send_one(charger, stop(answer.transaction_id, meter=9999, seconds=500))
    assert ChargingSession.objects.values().get() == before
    assert MeterReading.objects.count() == 1


def test_stop_names_only_sessions_of_its_own_charger(charger, token):
    answer = send_one(charger, start("CAFE01"))
    send_one(make_charger(), stop(answer.transaction_id, id_tag="CAFE01"))
    assert the_session().status == SessionStatus.ACTIVE
    assert OrphanStop.objects.count() == 1


@pytest.mark.parametrize("transaction_id", [-1, 0, 987654321, 2**70])
def test_stop_without_a_usable_id_finds_the_session_with_its_tag(charger, token, transaction_id):
    send_one(charger, start("CAFE01"))
    make_token("OTHER")
    send_one(charger, start("OTHER", connector=2))
    send_one(charger, stop(transaction_id, id_tag="cafe01"))
    assert ChargingSession.objects.get(id_tag="CAFE01").status == SessionStatus.ENDED
    assert ChargingSession.objects.get(id_tag="OTHER").status == SessionStatus.ACTIVE


@pytest.mark.parametrize("transaction_id", [-1, 0])
def test_stop_of_the_only_open_session_needs_no_tag(charger, token, transaction_id):
    send_one(charger, start("CAFE01"))
    send_one(charger, stop(transaction_id))
    assert the_session().energy_wh == 2000


def test_stop_of_a_number_we_never_gave_and_no_tag_is_an_orphan(charger, token):
    send_one(charger, start("CAFE01"))
    send_one(charger, stop(424242))
    assert the_session().status == SessionStatus.ACTIVE
    assert OrphanStop.objects.get().transaction_id == 424242


def test_stop_with_minus_one_again_meets_the_session_it_ended(charger, token):
    send_one(charger, start("CAFE01"))
    make_token("OTHER")
    send_one(charger, stop(-1, id_tag="CAFE01", readings=(reading(100, 3000),)))
    send_one(charger, start("OTHER", connector=2))
    send_one(charger, stop(-1, id_tag="CAFE01", readings=(reading(100, 3000),)))
    assert ChargingSession.objects.get(id_tag="OTHER").status == SessionStatus.ACTIVE
    assert OrphanStop.objects.count() == 0
    assert MeterReading.objects.count() == 1


def test_stop_that_overtakes_its_start_ends_it(charger, token):
    late = stop(-1, id_tag="CAFE01", readings=(reading(100, 3000),))
    send_one(charger, late)
    send_one(charger, late)
    assert OrphanStop.objects.count() == 1
    send_one(charger, start("CAFE01"))
    session = the_session()
    assert (session.status, session.energy_wh, session.ended_at) == ("ended", 2000, at(100))
    assert OrphanStop.objects.get().session == session
    assert MeterReading.objects.get().session_id == session.pk
    send_one(charger, late)
    assert MeterReading.objects.count() == 1


def test_new_start_sets_the_old_session_aside_and_its_late_stop_counts(charger, token):
    make_token("OTHER")
    old = send_one(charger, start("CAFE01"))
    send_one(charger, meter_values(old.transaction_id, reading(10, 1500)))
    new = send_one(charger, start("OTHER", meter=1500, seconds=20))
    sessions = {row.id_tag: row.status for row in ChargingSession.objects.all()}
    assert sessions == {"CAFE01": "awaiting_stop", "OTHER": "active"}
    send_one(charger, stop(old.transaction_id, meter=1600, seconds=19))
    ended = ChargingSession.objects.get(id_tag="CAFE01")
    assert (ended.status, ended.energy_wh) == ("ended", 600)
    assert ChargingSession.objects.get(transaction_id=new.transaction_id).status == "active"


def test_start_from_the_queue_does_not_displace_a_newer_session(charger, token):
    make_token("OTHER")
    send_one(charger, start("OTHER", seconds=50))
    send_one(charger, start("CAFE01", seconds=0))
    assert ChargingSession.objects.get(id_tag="OTHER").status == SessionStatus.ACTIVE
    assert ChargingSession.objects.get(id_tag="CAFE01").status == SessionStatus.AWAITING_STOP


def test_refused_start_does_not_touch_the_live_session(charger, token):
    live = send_one(charger, start("CAFE01"))
    refused = send_one(charger, start("NOBODY", seconds=30))
    assert refused.id_tag_info.status == "Invalid"
    assert ChargingSession.objects.get(transaction_id=live.transaction_id).status == "active"


def test_refused_session_that_delivered_energy_is_held(charger):
    refused = send_one(charger, start("NOBODY"))
    send_one(charger, stop(refused.transaction_id, reason="DeAuthorized"))
    session = the_session()
    assert (session.energy_wh, session.billing_status) == (2000, BillingStatus.HELD)
    assert session.hold_reason == "Energy flowed although the token was refused"


def test_refused_session_without_energy_is_nothing_to_bill(charger):
    refused = send_one(charger, start("NOBODY"))
    send_one(charger, stop(refused.transaction_id, meter=1000))
    assert the_session().billing_status == BillingStatus.NOT_BILLABLE


def test_meter_that_went_back_never_bills_the_register(charger, token):
    answer = send_one(charger, start("CAFE01", meter=5_000_000))
    send_one(charger, meter_values(answer.transaction_id, reading(50, 5_000_700)))
    send_one(charger, stop(answer.transaction_id, meter=4_999_999))
    session = the_session()
    assert (session.energy_wh, session.billing_status) == (700, BillingStatus.HELD)
    assert session.meter_stop_wh == 4_999_999
    assert "below the meter at the start" in session.hold_reason


def test_lifetime_register_after_a_start_at_zero_is_held(charger, token):
    answer = send_one(charger, start("CAFE01", meter=0))
    send_one(charger, meter_values(answer.transaction_id, reading(50, 81_000_000)))
    assert the_session().energy_wh == 0
    send_one(charger, stop(answer.transaction_id, meter=81_002_000))
    session = the_session()
    assert (session.energy_wh, session.billing_status) == (0, BillingStatus.HELD)


def test_energy_moves_forward_only(charger, token):
    answer = send_one(charger, start("CAFE01"))
    seen = []
    for seconds, register in [(10, 1100), (30, 1300), (20, 1200), (40, 1250), (50, 0), (60, 1400)]:
        send_one(charger, meter_values(answer.transaction_id, reading(seconds, register)))
        seen.append(the_session().energy_wh)
    assert seen == [100, 300, 300, 300, 300, 400]
    assert the_session().meter_last_wh == 1400


def test_session_relative_counter_counts_as_it_stands(charger, token):
    answer = send_one(charger, start("CAFE01", meter=5_000_000))
    send_one(charger, meter_values(answer.transaction_id, reading(20, 400)))
    assert (the_session().energy_wh, the_session().meter_last_wh) == (400, 5_000_400)


def test_interval_registers_are_summed_once(charger, token):
    answer = send_one(charger, start("CAFE01"))
    for seconds, wh in [(10, 100), (20, 150), (20, 150)]:
        send_one(charger, meter_values(answer.transaction_id, reading(seconds, interval_wh=wh)))
    assert the_session().energy_wh == 250


def test_power_and_charge_are_those_of_the_newest_reading(charger, token):
    answer = send_one(charger, start("CAFE01"))
    number = answer.transaction_id
    send_one(charger, meter_values(number, reading(30, 1300, power_w=7000, soc_percent=50)))
    send_one(charger, meter_values(number, reading(20, 1200, power_w=9000, soc_percent=40)))
    session = the_session()
    assert (session.power_w, session.soc_percent, session.last_reading_at) == (7000, 50, at(30))


@pytest.mark.parametrize("transaction_id", [None, -1, 0])
def test_values_without_a_usable_id_belong_to_the_session_at_their_connector(
    charger, token, transaction_id
):
    send_one(charger, start("CAFE01", connector=2))
    send_one(charger, meter_values(transaction_id, reading(10, 1200), connector=2))
    send_one(charger, meter_values(transaction_id, reading(10, 900_000), connector=1))
    assert the_session().energy_wh == 200
    assert MeterReading.objects.filter(session_id=the_session().pk).count() == 1


def test_same_values_again_are_stored_once(charger, token):
    answer = send_one(charger, start("CAFE01"))
    work = meter_values(answer.transaction_id, reading(10, 1200), reading(20, 1300))
    send_one(charger, work)
    send_one(charger, work)
    assert MeterReading.objects.count() == 2


def test_values_after_the_stop_attach_and_do_not_reopen(charger, token):
    answer = send_one(charger, start("CAFE01"))
    send_one(charger, stop(answer.transaction_id))
    send_one(charger, meter_values(answer.transaction_id, reading(99, 5000)))
    session = the_session()
    assert (session.status, session.energy_wh) == ("ended", 2000)
    assert MeterReading.objects.get().session_id == session.pk


def test_another_card_of_the_group_may_stop(charger, token):
    answer = send_one(charger, start("CAFE01"))
    make_token("SECOND", group="FAMILY")
    info = send_one(charger, stop(answer.transaction_id, id_tag="SECOND"))
    assert (info.status, info.group) == ("Accepted", "FAMILY")
    assert the_session().stop_id_tag == "SECOND"


def test_batch_of_100_starts_is_a_fixed_number_of_statements(django_assert_max_num_queries):
    first = make_charger(connectors=1)
    chargers = [first] + [
        make_charger(connectors=1, location=first.location, tariff=False) for _ in range(99)
    ]
    tags = [make_token().token for _ in chargers]
    with django_assert_max_num_queries(12):
        answers = send(*[(c, start(t)) for c, t in zip(chargers, tags, strict=True)])
    assert len({answer.transaction_id for answer in answers}) == 100
