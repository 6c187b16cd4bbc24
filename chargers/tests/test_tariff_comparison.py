"""What past sessions would have cost: exact, bounded, and without holding them all."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from chargers.models import BillingStatus, ChargingSession, SessionStatus
from chargers.selectors import tariff_comparison
from chargers.selectors.tariff_comparison import compare_prices, last_month
from chargers.tests.factories import make_charger
from chargers.tests.priced_sessions import make_session, make_template, rules_at
from tariffs.pricing import Bound
from tariffs.services.snapshots import build_snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    return make_charger(tariff=False)


@pytest.fixture
def template(charger):
    return make_template(charger.cpo)


def every():
    return ChargingSession.objects.all()


def test_bill_is_what_it_cost_and_the_same_price_is_what_it_would_cost(charger, template):
    make_session(
        charger, template, energy_wh=10_000, cost=19_000, billing_status=BillingStatus.BILLED
    )
    make_session(charger, template, energy_wh=1_000, hours_ago=3)
    found = compare_prices(every(), rules_at(1_900))
    assert (found.old_total, found.new_total, found.difference) == (21_000, 20_900, -100)
    assert (found.sessions, found.dearer, found.cheaper) == (2, 0, 1)
    assert found.percent == pytest.approx(-100 / 210)


def test_session_keeps_the_tax_of_its_location(charger, template):
    snapshot = build_snapshot(
        template.versions.get(), time_zone="Asia/Jayapura", pbjt_percent=Decimal(10)
    )
    make_session(charger, template, energy_wh=10_000, tariff_snapshot=snapshot)
    found = compare_prices(every(), rules_at(1_000))
    assert (found.old_total, found.new_total) == (22_000, 11_000)


def test_sessions_that_cannot_be_compared_are_counted_and_left_out(charger, template):
    make_session(charger, template, energy_wh=1_000)
    make_session(charger, template, energy_wh=1_000, hours_ago=2, tariff_snapshot={"format": 9})
    foreign = make_template(charger.cpo, "EUR", per_kwh=1, currency="EUR")
    make_session(charger, foreign, energy_wh=1_000, hours_ago=3)
    make_session(charger, template, energy_wh=1_000, hours_ago=4, tariff_snapshot=None)
    make_session(
        charger, template, energy_wh=1_000, hours_ago=5, status=SessionStatus.ACTIVE, ended_at=None
    )
    found = compare_prices(every(), rules_at(2_000))
    assert (found.sessions, found.left_out, found.old_total) == (1, 2, 2_000)


def test_nothing_to_compare_is_no_error(template):
    found = compare_prices(every(), rules_at(2_000))
    assert (found.sessions, found.difference, found.percent, found.examples) == (0, 0, None, [])


def test_newest_sessions_are_looked_at_up_to_the_most(charger, template, monkeypatch):
    monkeypatch.setattr(tariff_comparison, "_AT_ONCE", 4)
    for hours in range(1, 11):
        make_session(charger, template, energy_wh=1_000 * hours, hours_ago=hours)
    found = compare_prices(every(), rules_at(2_000), most=6)
    assert (found.sessions, found.energy_wh, found.capped) == (6, 21_000, True)
    whole = compare_prices(every(), rules_at(2_000), most=10)
    assert (whole.sessions, whole.capped) == (10, False)


def test_examples_are_those_that_change_the_most(charger, template):
    for hours in range(1, 41):
        make_session(charger, template, energy_wh=1_000 * hours, hours_ago=hours)
    found = compare_prices(every(), rules_at(2_010))
    assert [one.difference for one in found.examples] == [10 * n for n in range(40, 30, -1)]


def test_bounds_are_kept_in_the_comparison(charger, template):
    make_session(charger, template, energy_wh=10_000)
    found = compare_prices(every(), rules_at(2_000, max_price=Bound(Decimal(5_000))))
    assert found.new_total == 5_000


def test_queries_grow_with_pieces_and_memory_does_not(
    charger, template, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(tariff_comparison, "_AT_ONCE", 20)
    rows = [
        make_session(charger, template, energy_wh=1_000, hours_ago=hours) for hours in range(1, 121)
    ]
    del rows
    peaks = []
    for most in (20, 120):
        compare_prices(every(), rules_at(2_000), most=most)
        tracemalloc.start()
        with django_assert_max_num_queries(1 + most // 20):
            found = compare_prices(every(), rules_at(2_000), most=most)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.sessions == most
    assert peaks[1] < 3 * peaks[0]


@pytest.mark.parametrize(
    ("now", "since", "until"),
    [
        ("2026-03-15T10:00", "2026-02-01T00:00", "2026-03-01T00:00"),
        ("2026-01-01T00:00", "2025-12-01T00:00", "2026-01-01T00:00"),
        ("2026-12-31T23:59", "2026-11-01T00:00", "2026-12-01T00:00"),
    ],
)
def test_last_month_is_a_whole_one(now, since, until):
    zone = ZoneInfo("Asia/Jakarta")
    first, last = last_month(datetime.fromisoformat(now).replace(tzinfo=zone))
    assert first.isoformat()[:16] == since
    assert last.isoformat()[:16] == until
    assert first.astimezone(UTC).hour == 17
