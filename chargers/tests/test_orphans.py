"""The orphan queue: suggested sessions, one click to attach, dismissal, stops that contradict."""

from __future__ import annotations

import pytest

from chargers.models import (
    BillingStatus,
    ChargingSession,
    MeterReading,
    OrphanState,
    OrphanStop,
)
from chargers.selectors.orphans import readings_for, suggest_sessions
from chargers.services.sessions.orphans import attach_readings, attach_stop, dismiss_stop
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
from cpo.models import AuditEntry
from cpo.tests.factories import make_user
from unievp.lib.errors import ConflictError, InvalidError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def charger():
    return make_charger()


@pytest.fixture
def session(charger):
    make_token("CAFE01")
    send_one(charger, start("CAFE01"))
    return ChargingSession.objects.get()


@pytest.fixture
def orphan(session, charger):
    """Of a number that we never gave, without a tag: nothing is guessed."""
    send_one(charger, stop(424242, meter=1800, seconds=90, readings=(reading(90, 1800),)))
    return OrphanStop.objects.get()


@pytest.mark.proves("pain 21", "pain 22")
def test_stop_of_a_number_that_we_never_gave_ends_nothing_and_waits(orphan, session):
    session.refresh_from_db()
    assert (session.status, orphan.state, orphan.session) == ("active", "waiting", None)


def test_suggestion_scores_and_says_why(orphan, session, charger):
    (suggestion,) = suggest_sessions(orphan)
    assert suggestion.session == session
    assert suggestion.score == 45
    assert suggestion.why == (
        "the meter fits: 0.80 kWh in its time",
        "it is still open",
        "the stop names no id tag",
    )


def test_session_that_the_meter_rules_out_is_not_suggested(orphan, session, charger):
    ChargingSession.objects.update(meter_start_wh=90_000_000)
    assert suggest_sessions(orphan) == []


def test_same_tag_is_suggested_before_the_other_session(charger):
    for tag, connector in (("ONE", 1), ("TWO", 2)):
        make_token(tag)
        send_one(charger, start(tag, connector=connector))
    orphan = OrphanStop(
        charger=charger, id_tag="two", meter_stop_wh=1500, ended_at=at(60), received_at=at(61)
    )
    first, second = suggest_sessions(orphan)
    assert (first.session.id_tag, second.session.id_tag) == ("TWO", "ONE")
    assert first.why[0] == "the same id tag"
    assert "another id tag" in second.why


def test_attached_stop_ends_the_session_brings_its_readings_and_leaves_a_trace(orphan, session):
    user = make_user()
    ended = attach_stop(orphan, session=session, actor=user, reason="Same car")
    assert (ended.status, ended.energy_wh, ended.ended_at) == ("ended", 800, at(90))
    assert ended.billing_status == BillingStatus.UNBILLED
    assert MeterReading.objects.get().session_id == session.pk
    orphan.refresh_from_db()
    assert (orphan.state, orphan.session) == (OrphanState.ATTACHED, session)
    assert orphan.resolved_by == user.get_username()
    assert AuditEntry.objects.filter(action="orphan_stop.attach", reason="Same car").count() == 1
    with pytest.raises(ConflictError):
        attach_stop(orphan, session=session, actor=user)


def test_attached_stop_sent_again_changes_nothing(orphan, session, charger):
    attach_stop(orphan, session=session, actor=make_user())
    before = ChargingSession.objects.values().get()
    send_one(charger, stop(424242, meter=1800, seconds=90, readings=(reading(90, 1800),)))
    assert ChargingSession.objects.values().get() == before
    assert (OrphanStop.objects.count(), MeterReading.objects.count()) == (1, 1)


def test_stop_is_attached_only_to_an_open_session_of_its_charger_that_began_before(
    orphan, session, charger
):
    user = make_user()
    other = make_charger()
    send_one(other, start("CAFE01"))
    theirs = ChargingSession.objects.get(charger=other)
    with pytest.raises(InvalidError, match="another charger") as refusal:
        attach_stop(orphan, session=theirs, actor=user)
    assert refusal.value.field == "session"
    send_one(charger, start("LATER", connector=2, seconds=95))
    later = ChargingSession.objects.get(id_tag="LATER")
    with pytest.raises(InvalidError, match="began after"):
        attach_stop(orphan, session=later, actor=user)
    send_one(charger, stop(session.transaction_id, seconds=95))
    with pytest.raises(ConflictError, match="stop of its own"):
        attach_stop(orphan, session=session, actor=user)
    orphan.refresh_from_db()
    assert orphan.state == OrphanState.WAITING


def test_dismissed_stop_needs_a_reason_and_is_claimed_by_no_start(charger):
    send_one(charger, stop(-1, id_tag="CAFE01"))
    orphan = OrphanStop.objects.get()
    with pytest.raises(InvalidError) as refusal:
        dismiss_stop(orphan, reason=" ", actor=make_user())
    assert refusal.value.field == "reason"
    dismiss_stop(orphan, reason="Test bench", actor=make_user())
    make_token("CAFE01")
    send_one(charger, start("CAFE01"))
    assert ChargingSession.objects.get().status == "active"
    orphan.refresh_from_db()
    assert (orphan.state, orphan.resolution) == (OrphanState.DISMISSED, "Test bench")


@pytest.mark.proves("pain 20", "own 1")
def test_second_stop_with_other_figures_is_recorded_once_and_changes_nothing(session, charger):
    send_one(charger, stop(session.transaction_id, meter=1800, seconds=90))
    before = ChargingSession.objects.values().get()
    for _ in range(2):
        send_one(charger, stop(session.transaction_id, meter=1950, seconds=99))
    assert ChargingSession.objects.values().get() == before
    record = OrphanStop.objects.get()
    assert (record.state, record.session) == (OrphanState.CONTRADICTS, session)
    assert (record.meter_stop_wh, record.ended_at) == (1950, at(99))


def test_stray_readings_are_found_and_attached_to_an_open_session(session, charger):
    user = make_user()
    with pytest.raises(ConflictError, match="No readings"):
        attach_readings(session, actor=user)
    send_one(charger, meter_values(777, reading(30, 1400), connector=1))
    send_one(charger, meter_values(777, reading(40, 1450), connector=2))
    MeterReading.objects.update(session_id=None)
    assert readings_for(session).count() == 1
    assert attach_readings(session, actor=user) == 1
    assert (session.energy_wh, session.last_reading_at) == (400, at(30))
    assert AuditEntry.objects.filter(action="session.attach_readings").count() == 1
