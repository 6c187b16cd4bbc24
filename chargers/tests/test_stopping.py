"""StopTransaction: its session, found by whatever the charger says (reference §2.7)."""

from __future__ import annotations

import pytest

from chargers.models import (
    BillingStatus,
    ChargingSession,
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
    send_one,
    start,
    stop,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    return make_charger()


@pytest.fixture
def token():
    return make_token("CAFE01")


def the_session() -> ChargingSession:
    return ChargingSession.objects.get()


@pytest.mark.proves("StopTransaction")
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


@pytest.mark.proves("own 1", "pain 20", "quirk 6")
def test_second_stop_changes_nothing(charger, token):
    answer = send_one(charger, start("CAFE01"))
    data = (reading(100, 3000),)
    send_one(charger, stop(answer.transaction_id, readings=data))
    before = ChargingSession.objects.values().get()
    send_one(charger, stop(answer.transaction_id, readings=data))
    send_one(charger, stop(answer.transaction_id, meter=9999, seconds=500))
    assert ChargingSession.objects.values().get() == before
    assert MeterReading.objects.count() == 1


@pytest.mark.proves("pain 21")
def test_stop_names_only_sessions_of_its_own_charger(charger, token):
    answer = send_one(charger, start("CAFE01"))
    send_one(make_charger(), stop(answer.transaction_id, id_tag="CAFE01"))
    assert the_session().status == SessionStatus.ACTIVE
    assert OrphanStop.objects.count() == 1


@pytest.mark.proves("own 3", "pain 23", "quirk 5")
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


@pytest.mark.proves("own 1", "quirk 5")
def test_stop_with_minus_one_again_meets_the_session_it_ended(charger, token):
    send_one(charger, start("CAFE01"))
    make_token("OTHER")
    send_one(charger, stop(-1, id_tag="CAFE01", readings=(reading(100, 3000),)))
    send_one(charger, start("OTHER", connector=2))
    send_one(charger, stop(-1, id_tag="CAFE01", readings=(reading(100, 3000),)))
    assert ChargingSession.objects.get(id_tag="OTHER").status == SessionStatus.ACTIVE
    assert OrphanStop.objects.count() == 0
    assert MeterReading.objects.count() == 1


@pytest.mark.proves("own 4", "pain 22")
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


@pytest.mark.proves("own 7")
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


@pytest.mark.proves("own 7", "pain 29")
def test_refused_start_does_not_touch_the_live_session(charger, token):
    live = send_one(charger, start("CAFE01"))
    refused = send_one(charger, start("NOBODY", seconds=30))
    assert refused.id_tag_info.status == "Invalid"
    assert ChargingSession.objects.get(transaction_id=live.transaction_id).status == "active"


@pytest.mark.proves("own 2", "pain 27")
def test_refused_session_that_delivered_energy_is_held(charger):
    refused = send_one(charger, start("NOBODY"))
    send_one(charger, stop(refused.transaction_id, reason="DeAuthorized"))
    session = the_session()
    assert (session.energy_wh, session.billing_status) == (2000, BillingStatus.HELD)
    assert session.hold_reason == "Energy flowed although the token was refused"


@pytest.mark.proves("own 2", "pain 29", "pain 40")
def test_refused_session_without_energy_is_nothing_to_bill(charger):
    refused = send_one(charger, start("NOBODY"))
    send_one(charger, stop(refused.transaction_id, meter=1000))
    assert the_session().billing_status == BillingStatus.NOT_BILLABLE


@pytest.mark.proves("own 8")
def test_another_card_of_the_group_may_stop(charger, token):
    answer = send_one(charger, start("CAFE01"))
    make_token("SECOND", group="FAMILY")
    info = send_one(charger, stop(answer.transaction_id, id_tag="SECOND"))
    assert (info.status, info.group) == ("Accepted", "FAMILY")
    assert the_session().stop_id_tag == "SECOND"
