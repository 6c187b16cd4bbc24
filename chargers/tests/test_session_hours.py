"""Hours of sessions: always the sum of the sessions, however and whenever those change."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from chargers.models import ChargingSession, SessionHour, SessionStatus, StaleHour
from chargers.selectors.busy_time import busy_time
from chargers.selectors.session_sums import Span, Totals, daily_sums, session_sums
from chargers.services.session_hours.recounting import prove_hours, recount_stale_hours
from chargers.tests.factories import (
    at,
    make_charger,
    make_location,
    make_token,
    send_one,
    start,
    stop,
)
from cpo.tests.factories import make_cpo, make_user

pytestmark = pytest.mark.django_db

ALL = Span(at(-400_000), at(400_000))


@pytest.fixture
def staff():
    return make_user(is_staff=True, is_superuser=True)


@pytest.fixture
def charger():
    return make_charger()


def charge(charger, *, seconds=0, wh=1000, cost=None):
    make_token(f"T{seconds}")
    number = send_one(charger, start(f"T{seconds}", seconds=seconds)).transaction_id
    send_one(charger, stop(number, meter=1000 + wh, seconds=seconds + 60))
    row = ChargingSession.objects.get(transaction_id=number)
    if cost is not None:
        bill(row, cost)
    return row


def bill(session, cost):
    ChargingSession.objects.filter(pk=session.pk).update(cost=cost, billing_status="billed")


def marks():
    return StaleHour.objects.count()


def test_sums_are_the_same_before_and_after_the_count(staff, charger):
    for hour in range(4):
        charge(charger, seconds=hour * 1800, wh=1000 + hour, cost=hour * 10)
    expected = Totals(4, 4006, 60)
    assert marks()
    assert session_sums(staff, None, ALL) == expected
    assert recount_stale_hours() >= 2
    assert (marks(), SessionHour.objects.count()) == (0, len(hours_of_sessions()))
    assert session_sums(staff, None, ALL) == expected
    assert prove_hours() == []


def hours_of_sessions():
    starts = ChargingSession.objects.values_list("started_at", flat=True)
    return {begin.replace(minute=0, second=0, microsecond=0) for begin in starts}


def test_every_change_of_an_ended_session_counts_at_once(staff, charger):
    session = charge(charger)
    rows = ChargingSession.objects.filter(pk=session.pk)
    for change, expected in (
        ({"energy_wh": 7000}, Totals(1, 7000, 0)),
        ({"cost": 500, "billing_status": "billed"}, Totals(1, 7000, 500)),
        ({"started_at": session.started_at - timedelta(hours=3)}, Totals(1, 7000, 500)),
    ):
        recount_stale_hours()
        rows.update(**change)
        assert marks()
        assert session_sums(staff, None, ALL) == expected
        recount_stale_hours()
        assert session_sums(staff, None, ALL) == expected
        assert prove_hours() == []
    rows.delete()
    assert session_sums(staff, None, ALL) == Totals()


def test_readings_of_a_running_session_leave_no_mark_and_count(staff, charger):
    make_token("RUN")
    send_one(charger, start("RUN"))
    ChargingSession.objects.update(energy_wh=900, power_w=100)
    assert marks() == 0
    assert session_sums(staff, None, ALL) == Totals(1, 900, 0)


def test_only_whole_hours_are_taken_from_the_sums(staff, charger):
    first = charge(charger, seconds=0)
    second = charge(charger, seconds=120, wh=30)
    recount_stale_hours()
    assert session_sums(staff, None, Span(second.started_at)).energy_wh == 30
    assert session_sums(staff, None, Span(first.started_at, second.started_at)).energy_wh == 1000
    assert session_sums(staff, None, Span(at(-5), at(-1))) == Totals()


def test_days_are_those_of_the_zone(staff, charger):
    session = charge(charger, wh=400)
    running = Span(at(-400_000), at(400_000))
    for place in ("Asia/Jakarta", "Asia/Jayapura"):
        zone = ZoneInfo(place)
        expected = {session.started_at.astimezone(zone).date(): Totals(1, 400, 0)}
        StaleHour.objects.create(hour=at(0).replace(minute=0, second=0, microsecond=0))
        assert daily_sums(staff, None, running, zone=zone) == expected
        recount_stale_hours()
        assert daily_sums(staff, None, running, zone=zone) == expected


def test_a_moved_chargers_hours_move_along(staff, charger):
    session = charge(charger)
    recount_stale_hours()
    there = make_location(cpo=charger.cpo, time_zone="Asia/Jayapura")
    type(charger).objects.filter(pk=charger.pk).update(location=there)
    moved = Span(ALL.since, ALL.until, "Asia/Jayapura")
    assert session_sums(staff, None, moved).sessions == 1
    recount_stale_hours()
    assert SessionHour.objects.get().location_id == there.pk
    assert session_sums(staff, None, moved).energy_wh == session.energy_wh


def test_sums_are_of_ones_own_company(staff, charger):
    charge(charger)
    rival = make_cpo()
    for _ in range(2):
        assert session_sums(staff, rival.pk, ALL) == Totals()
        assert session_sums(staff, charger.cpo_id, ALL).sessions == 1
        assert session_sums(make_user(), None, ALL) == Totals()
        recount_stale_hours()


def test_a_sum_that_somebody_falsified_is_found_and_healed(staff, charger, caplog):
    charge(charger)
    recount_stale_hours()
    SessionHour.objects.update(revenue=1_000_000)
    (hour,) = prove_hours()
    assert hour == SessionHour.objects.get().hour
    assert "differ from their sessions" in caplog.text
    assert session_sums(staff, None, ALL).revenue == 0
    recount_stale_hours()
    assert (prove_hours(), SessionHour.objects.get().revenue) == ([], 0)


def test_a_removed_sum_is_found(charger):
    charge(charger)
    recount_stale_hours()
    SessionHour.objects.all().delete()
    assert len(prove_hours()) == 1
    recount_stale_hours()
    assert prove_hours() == []


def test_an_unended_session_is_in_no_sum(charger):
    session = charge(charger)
    ChargingSession.objects.filter(pk=session.pk).update(status=SessionStatus.AWAITING_STOP)
    recount_stale_hours()
    assert not SessionHour.objects.exists()


def test_busy_time_is_cut_at_both_edges(staff, charger):
    # From the epoch: 0-1 h, 1-4 h, 4-6 h, and one that began at 5:30 and still runs.
    for begin, end in ((0, 3600), (3600, 14_400), (14_400, 21_600)):
        row = charge(charger, seconds=begin)
        ChargingSession.objects.filter(pk=row.pk).update(ended_at=at(end))
    make_token("RUN")
    send_one(charger, start("RUN", seconds=19_800))
    for _ in range(2):
        for since, until, busy in (
            (-9_000, 90_000, 6 * 3600 + 70_200),
            (1800, 19_800, 18_000),
            (7200, 9000, 1800),
            (20_000, 21_000, 2000),
            (-9_000, -8_000, 0),
        ):
            found = busy_time(staff, charger.cpo_id, at(since), at(until))
            assert found == timedelta(seconds=busy), (since, until)
        assert busy_time(staff, make_cpo().pk, at(-9_000), at(90_000)) == timedelta()
        assert busy_time(make_user(), None, at(-9_000), at(90_000)) == timedelta()
        recount_stale_hours()


def test_busy_time_reads_the_sums_of_hours_that_hold(staff, charger):
    charge(charger)
    recount_stale_hours()
    SessionHour.objects.update(busy=timedelta(minutes=7))
    assert busy_time(staff, None, at(-9_000), at(90_000)) == timedelta(minutes=7)


def test_proof_goes_on_to_the_last_month(charger):
    for seconds in (0, 3600):
        charge(charger, seconds=seconds)
    first, last = ChargingSession.objects.order_by("started_at")
    ChargingSession.objects.filter(pk=last.pk).update(
        started_at=last.started_at + timedelta(days=900),
        ended_at=last.started_at + timedelta(days=900, hours=1),
    )
    recount_stale_hours()
    SessionHour.objects.update(energy_wh=1)
    assert len(prove_hours()) == 2
    recount_stale_hours()
    assert prove_hours() == []
    assert first.energy_wh == last.energy_wh


def test_functions_mean_their_own_tables():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_proc WHERE proconfig IS NOT NULL AND proname IN"
            " ('chargers_mark_stale_hour', 'chargers_mark_moved_hours')"
        )
        assert cursor.fetchone() == (2,)
