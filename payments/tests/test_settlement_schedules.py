"""Money that is asked for by itself: on the company's own morning, once per period."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from cpo.models import CPO, CPOStatus, Role
from payments.models import Settlement, SettlementRun, SettlementSchedule
from payments.services.settlements import approve_settlement, cancel_settlement
from payments.services.settling.schedules import due_period, run_schedules, set_schedule
from payments.tests.factories import give, make_member, make_paid_cpo, make_staff
from unievp.lib.errors import ForbiddenError, InvalidError

pytestmark = pytest.mark.django_db

# A Wednesday, after the morning everywhere in Indonesia.
NOON = datetime(2031, 3, 5, 12, tzinfo=ZoneInfo("Asia/Jakarta"))


def scheduled(frequency="daily", amount=100_000, **values):
    cpo = make_paid_cpo()
    if amount:
        give(cpo, amount)
    set_schedule(cpo, actor=make_member(cpo), frequency=frequency, **values)
    return cpo


def test_schedule_asks_for_all_once_a_day():
    cpo = scheduled()
    assert run_schedules(NOON) == 1
    assert run_schedules(NOON + timedelta(hours=1)) == 0
    settlement = Settlement.objects.get()
    assert (settlement.cpo, settlement.amount) == (cpo, 100_000)
    assert (settlement.requested_by, settlement.requested_key) == (None, None)
    assert SettlementRun.objects.get().settlement == settlement
    assert approve_settlement(settlement, actor=make_staff()).status == "approved"


def test_what_was_taken_back_is_not_asked_for_again_the_same_day():
    cpo = scheduled()
    run_schedules(NOON)
    cancel_settlement(Settlement.objects.get(), actor=make_member(cpo))
    assert run_schedules(NOON + timedelta(hours=2)) == 0
    assert run_schedules(NOON + timedelta(days=1)) == 1


def test_morning_is_the_company_s_own(settings):
    settings.SETTLEMENT_SCHEDULE_HOUR = 8
    jayapura = SettlementSchedule(frequency="daily", time_zone="Asia/Jayapura")
    jakarta = SettlementSchedule(frequency="daily", time_zone="Asia/Jakarta")
    seven = datetime(2031, 3, 5, 7, tzinfo=ZoneInfo("Asia/Jakarta"))
    assert due_period(jayapura, seven) == "2031-03-05"
    assert due_period(jakarta, seven) is None
    assert due_period(jakarta, seven + timedelta(hours=1)) == "2031-03-05"


def test_week_begins_on_the_chosen_day_and_a_late_beat_catches_up():
    tuesday = SettlementSchedule(
        frequency="weekly",
        weekday=1,
        time_zone="Asia/Jakarta",
        changed_at=NOON - timedelta(days=30),
    )
    monday = NOON - timedelta(days=2)
    assert due_period(tuesday, monday) is None
    assert due_period(tuesday, monday + timedelta(days=1)) == "2031-W10"
    assert due_period(tuesday, NOON) == "2031-W10"
    tuesday.changed_at = NOON
    assert due_period(tuesday, NOON) is None


def test_threshold_waits_until_there_is_enough():
    cpo = scheduled("threshold", amount=149_999, threshold=150_000)
    assert run_schedules(NOON) == 0
    assert not SettlementRun.objects.exists()
    give(cpo, 1)
    assert run_schedules(NOON) == 1
    assert Settlement.objects.get().amount == 150_000


def test_why_nothing_was_asked_for_is_kept():
    scheduled(amount=10_000)
    assert run_schedules(NOON) == 0
    run = SettlementRun.objects.get()
    assert run.settlement is None
    assert run.note.startswith("below_minimum: ")


def test_suspended_company_and_one_without_a_schedule_ask_for_nothing():
    suspended = scheduled()
    CPO.objects.filter(pk=suspended.pk).update(status=CPOStatus.SUSPENDED)
    scheduled("off")
    assert run_schedules(NOON) == 0
    assert not SettlementRun.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"frequency": "hourly"}, "frequency"),
        ({"frequency": "weekly", "weekday": 7}, "weekday"),
        ({"frequency": "threshold"}, "threshold"),
        ({"frequency": "threshold", "threshold": 1}, "threshold"),
        ({"frequency": "daily", "time_zone": "Mars/Base"}, "time_zone"),
    ],
)
def test_bad_schedule_is_refused_by_its_field(wrong, field):
    cpo = make_paid_cpo()
    with pytest.raises(InvalidError) as refused:
        set_schedule(cpo, actor=make_member(cpo), **wrong)
    assert refused.value.field == field
    assert not SettlementSchedule.objects.exists()


def test_rivals_and_operators_set_no_schedule():
    cpo = make_paid_cpo()
    for actor in (make_member(make_paid_cpo()), make_member(cpo, Role.OPERATOR)):
        with pytest.raises(ForbiddenError):
            set_schedule(cpo, actor=actor, frequency="daily")


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_ask_once():
    scheduled()

    def run(_n):
        try:
            return run_schedules(NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 1
    assert Settlement.objects.count() == SettlementRun.objects.count() == 1
