"""Sessions whose Stop never came, what billing writes back, and partitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from chargers.models import BillingStatus, ChargingSession, Connector, MeterReading
from chargers.services import billing
from chargers.services.zombies import close_zombie_sessions
from chargers.store import partitions
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
from unievp.lib.errors import ConflictError, NotFoundError

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    return make_charger()


@pytest.fixture
def session(charger):
    """Charging, 500 Wh so far, last heard of at 60 s."""
    make_token("A")
    answer = send_one(charger, start("A"), received_at=at(1))
    send_one(charger, meter_values(answer.transaction_id, reading(60, 1500)))
    return ChargingSession.objects.get()


def after(**delta):
    return at(60) + timedelta(**delta)


@pytest.mark.proves("pain 17")
def test_session_that_reports_is_left_alone(session):
    assert close_zombie_sessions(after(hours=23)) == 0


@pytest.mark.proves("pain 16")
def test_silent_session_is_closed_from_its_last_meter(session):
    assert close_zombie_sessions(after(hours=25)) == 1
    session.refresh_from_db()
    assert (session.status, session.energy_wh, session.ended_at) == ("ended", 500, at(60))
    assert (session.stop_reason, session.billing_status) == ("NoStop", "unbilled")
    last = session.status_changes.last()
    assert (last.status, last.reason) == ("ended", "Nothing was heard of it for a day")
    assert close_zombie_sessions(after(hours=25)) == 0


def test_session_of_a_free_connector_is_closed_after_a_while(session, charger):
    Connector.objects.filter(charger=charger, number=1).update(
        status="Available", status_at=after(minutes=1)
    )
    assert close_zombie_sessions(after(minutes=20)) == 0
    assert close_zombie_sessions(after(hours=2)) == 1


@pytest.mark.proves("pain 17", "pain 33")
@pytest.mark.parametrize(("status", "closed"), [("Charging", 0), ("Preparing", 1)])
def test_boot_closes_a_session_only_where_nothing_charges(session, charger, status, closed):
    Connector.objects.filter(charger=charger, number=1).update(status=status, status_at=at(70))
    charger.booted_at = after(minutes=1)
    charger.save()
    assert close_zombie_sessions(after(hours=2)) == closed


@pytest.mark.proves("pain 18")
def test_late_stop_replaces_an_end_we_made_up(session, charger):
    close_zombie_sessions(after(hours=25))
    send_one(charger, stop(session.transaction_id, meter=1800, seconds=90))
    session.refresh_from_db()
    assert (session.energy_wh, session.ended_at) == (800, at(90))


@pytest.mark.proves("pain 18")
def test_late_stop_after_the_bill_corrects_the_session_and_never_the_bill(session, charger):
    close_zombie_sessions(after(hours=25))
    billing.mark_session_billed(session.pk, total=1500, currency="IDR", bill_id=1)
    for _ in range(2):
        send_one(charger, stop(session.transaction_id, meter=1800, seconds=90))
    session.refresh_from_db()
    assert (session.energy_wh, session.ended_at, session.cost) == (800, at(90), 1500)
    assert (session.billing_status, session.stop_received_at is not None) == ("billed", True)
    correction = session.corrections.get()
    assert (correction.billed_energy_wh, correction.energy_wh) == (500, 800)
    assert (correction.billed_ended_at, correction.ended_at) == (at(60), at(90))
    assert correction.status == "open"


def test_bill_is_written_back_once(session, charger):
    with pytest.raises(ConflictError):
        billing.mark_session_billed(session.pk, total=1, currency="IDR", bill_id=1)
    send_one(charger, stop(session.transaction_id))
    billing.mark_session_billed(session.pk, total=1500, currency="IDR", bill_id=1)
    billing.mark_session_billed(session.pk, total=1500, currency="IDR", bill_id=1)
    session.refresh_from_db()
    assert (session.billing_status, session.cost) == (BillingStatus.BILLED, 1500)
    with pytest.raises(ConflictError):
        billing.mark_session_billed(session.pk, total=1501, currency="IDR", bill_id=2)
    with pytest.raises(ConflictError):
        billing.hold_session(session.pk, reason="too late")


def test_unknown_session_is_not_billed():
    with pytest.raises(NotFoundError):
        billing.mark_session_billed(1, total=1, currency="IDR", bill_id=1)


def test_held_session_keeps_all_its_reasons_until_a_person_releases_it(session, charger):
    send_one(charger, stop(session.transaction_id))
    billing.hold_session(session.pk, reason="Odd")
    billing.hold_session(session.pk, reason="Odd")
    billing.hold_session(session.pk, reason="Odder")
    session.refresh_from_db()
    assert (session.billing_status, session.hold_reason) == ("held", "Odd; Odder")
    released = billing.release_session(session.pk, actor=make_user(), reason="Looked at it")
    assert (released.billing_status, released.hold_reason) == ("unbilled", "")
    assert AuditEntry.objects.get().reason == "Looked at it"


def test_session_without_a_tariff_is_not_released(session):
    ChargingSession.objects.update(
        billing_status="held", hold_reason="No tariff", tariff_snapshot=None
    )
    with pytest.raises(ConflictError):
        billing.release_session(session.pk, actor=make_user(), reason="")


# --- partitions -----------------------------------------------------------------------------------


def partition_of(pk):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM chargers_meterreading WHERE id=%s", [pk]
        )
        return cursor.fetchone()[0]


def store_reading(measured_at):
    return MeterReading.objects.create(
        charger_id=1,
        connector_number=1,
        measured_at=measured_at,
        received_at=clock.now(),
        samples=[],
        content_hash=b"x",
    )


def test_partitions_are_made_once():
    assert partitions.make_partitions() == []
    now = clock.now() + timedelta(days=3700)
    made = partitions.make_partitions(now)
    assert len([name for name in made if "meterreading" in name]) == 3
    assert len([name for name in made if "frame" in name]) == 4
    assert partitions.make_partitions(now) == []


def test_rows_that_came_too_early_move_into_their_partition():
    moment = datetime(2036, 12, 15, tzinfo=UTC)
    row, other = store_reading(moment), store_reading(datetime(2031, 1, 1, tzinfo=UTC))
    assert partition_of(row.pk) == "chargers_meterreading_default"
    partitions.make_partitions(moment)
    assert partition_of(row.pk) == "chargers_meterreading_p203612"
    assert partition_of(other.pk) == "chargers_meterreading_default"
    assert MeterReading.objects.get(pk=row.pk).measured_at == moment


def test_new_partition_takes_rows_and_refuses_a_second_copy():
    moment = datetime(2036, 12, 15, tzinfo=UTC)
    partitions.make_partitions(moment)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_indexes WHERE tablename = 'chargers_meterreading_p203612'"
        )
        assert cursor.fetchone() == (3,)
    assert partition_of(store_reading(moment).pk) == "chargers_meterreading_p203612"


def test_partitions_past_the_retention_are_dropped(settings):
    settings.FRAME_RETENTION_DAYS = 90
    settings.READING_RETENTION_DAYS = 730
    old = datetime(2020, 1, 31, tzinfo=UTC)
    absurd = store_reading(datetime(1970, 1, 1, tzinfo=UTC))
    partitions.make_partitions(old)
    assert partitions.drop_partitions(old + timedelta(days=91)) == ["chargers_frame_p20200131"]
    dropped = partitions.drop_partitions()
    assert {"chargers_meterreading_p202001", "chargers_frame_p20200203"} <= set(dropped)
    assert not MeterReading.objects.filter(pk=absurd.pk).exists()
    assert partitions.drop_partitions() == []
