"""Closing by hand, held sessions and what a person decides about them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.models import BillingStatus, ChargingSession, Command, SessionCorrection
from chargers.selectors.evidence import gather_evidence
from chargers.services import billing
from chargers.services.sessions import close_session
from chargers.services.sessions.correcting import settle_correction
from chargers.services.sessions.reviewing import bill_with_energy, write_off
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
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    return make_charger()


@pytest.fixture
def session(charger):
    """Charging, 500 Wh so far, last heard of at 60 s."""
    make_token("A")
    answer = send_one(charger, start("A"), received_at=at(1))
    send_one(charger, meter_values(answer.transaction_id, reading(60, 1500)), received_at=at(61))
    return ChargingSession.objects.get()


@pytest.fixture
def held(session, charger):
    send_one(charger, stop(session.transaction_id, meter=81_000_000))
    session.refresh_from_db()
    return session


@pytest.mark.proves("pain 16")
def test_closing_books_and_tells_the_charger_nothing(session):
    user = make_user()
    closed = close_session(session, reason="Car is gone", actor=user)
    assert (closed.status, closed.energy_wh, closed.ended_at) == ("ended", 500, at(60))
    assert (closed.stop_reason, closed.billing_status) == ("Closed", BillingStatus.UNBILLED)
    assert closed.is_estimated
    assert not Command.objects.exists()
    change = closed.status_changes.last()
    assert change.reason == f"Car is gone (closed by {user}, energy of the latest reading)"
    entry = AuditEntry.objects.get(action="session.close")
    assert (entry.actor, entry.reason, entry.after["meter_given"]) == (user, "Car is gone", False)


def test_closing_with_a_meter_read_by_a_person(session):
    closed = close_session(
        session, meter_wh=1700, ended_at=at(90), reason="Read on site", actor=make_user()
    )
    assert (closed.energy_wh, closed.ended_at, closed.meter_stop_wh) == (700, at(90), None)
    assert "meter given by hand" in closed.status_changes.last().reason


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"meter_wh": 999}, "meter_wh"),
        ({"meter_wh": 81_000_000}, "meter_wh"),
        ({"ended_at": at(-1)}, "ended_at"),
        ({"ended_at": clock.now() + timedelta(hours=1)}, "ended_at"),
    ],
)
def test_closing_refuses_what_cannot_be_and_changes_nothing(session, values, field):
    with pytest.raises(InvalidError) as refusal:
        close_session(session, actor=make_user(), **({"reason": "Why"} | values))
    assert refusal.value.field == field
    session.refresh_from_db()
    assert session.status == "active"


def test_closed_session_is_not_closed_again(session):
    close_session(session, reason="Gone", actor=make_user())
    with pytest.raises(ConflictError):
        close_session(session, reason="Gone", actor=make_user())


@pytest.mark.proves("pain 18")
def test_late_stop_after_a_manual_close_wins(session, charger):
    close_session(session, reason="Gone", actor=make_user())
    send_one(charger, stop(session.transaction_id, meter=1800, seconds=90))
    session.refresh_from_db()
    assert (session.energy_wh, session.ended_at, session.stop_reason) == (800, at(90), "Local")
    assert not session.is_estimated
    assert not SessionCorrection.objects.exists()


@pytest.mark.proves("pain 18")
def test_correction_after_the_bill_stays_open_until_a_person_settled_it(session, charger):
    close_session(session, reason="Gone", actor=make_user())
    billing.mark_session_billed(session.pk, total=1250, currency="IDR", bill_id=1)
    send_one(charger, stop(-1, meter=1800, seconds=90, id_tag="A"))
    correction = SessionCorrection.objects.get()
    assert (correction.billed_energy_wh, correction.energy_wh) == (500, 800)
    user = make_user()
    with pytest.raises(InvalidError) as refusal:
        settle_correction(correction, resolution="", actor=user)
    assert refusal.value.field == "resolution"
    settled = settle_correction(correction, resolution="Waived", actor=user)
    assert (settled.status, settled.resolution) == ("done", "Waived")
    with pytest.raises(ConflictError):
        settle_correction(correction, resolution="Waived", actor=user)


def test_late_stop_with_the_billed_figures_needs_no_correction(session, charger):
    close_session(session, meter_wh=1800, ended_at=at(90), reason="Read", actor=make_user())
    billing.mark_session_billed(session.pk, total=1250, currency="IDR", bill_id=1)
    send_one(charger, stop(session.transaction_id, meter=1800, seconds=90))
    session.refresh_from_db()
    assert not session.is_estimated
    assert not SessionCorrection.objects.exists()


@pytest.mark.proves("pain 34")
def test_impossible_energy_is_held_with_its_evidence(held):
    assert (held.billing_status, held.energy_wh) == (BillingStatus.HELD, 500)
    assert held.hold_reason == "More energy than time and power allow"
    evidence = gather_evidence(held)
    assert (evidence.counted_wh, evidence.by_meters_wh) == (500, 80_999_000)
    assert (evidence.by_registers_wh, evidence.readings, evidence.doubted) == (0, 1, 0)
    assert evidence.most_wh < 10_000


def test_held_session_is_billed_with_the_energy_that_a_person_found(held):
    user = make_user()
    with pytest.raises(InvalidError) as refusal:
        bill_with_energy(held, energy_wh=-1, reason="x", actor=user)
    assert refusal.value.field == "energy_wh"
    billed = bill_with_energy(held, energy_wh=640, reason="From the car", actor=user)
    assert (billed.energy_wh, billed.billing_status) == (640, BillingStatus.UNBILLED)
    assert billed.meter_stop_wh == 81_000_000
    entry = AuditEntry.objects.get(action="session.bill_with_energy")
    assert (entry.before["energy_wh"], entry.after["energy_wh"]) == (500, 640)
    with pytest.raises(ConflictError):
        bill_with_energy(held, energy_wh=640, reason="Again", actor=user)


@pytest.mark.proves("pain 40")
def test_held_session_is_written_off_and_a_late_stop_does_not_bill_it(session, charger):
    close_session(session, reason="Gone", actor=make_user())
    billing.hold_session(session.pk, reason="Odd")
    with pytest.raises(InvalidError):
        write_off(session, reason="", actor=make_user())
    write_off(session, reason="Test charge", actor=make_user())
    send_one(charger, stop(session.transaction_id, meter=1800, seconds=90))
    session.refresh_from_db()
    assert (session.energy_wh, session.billing_status) == (800, BillingStatus.NOT_BILLABLE)
