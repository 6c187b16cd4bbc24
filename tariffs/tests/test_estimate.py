"""What a charge would cost before it begins, and how far an amount reaches."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tariffs import estimate as estimates
from tariffs.estimate import energy_for, total_of
from tariffs.pricing import (
    Component,
    Element,
    Kind,
    Restrictions,
    Rules,
    SimpleTariff,
    Snapshot,
    simple_rules,
)

AT = datetime(2026, 3, 9, 5, tzinfo=UTC)  # noon in Jakarta
D = Decimal


def sold(rules):
    return Snapshot(rules, "Asia/Jakarta")


PLAIN = sold(simple_rules(SimpleTariff(D(2467))))
WITH_FEE = sold(simple_rules(SimpleTariff(D(2467), D(25000), D(1000), 10)))
BY_TIME = sold(Rules((Element((Component(Kind.TIME, D(30000), 60),)),)))
# The first 10 kWh are cheap, the rest is dear.
BENT = sold(
    Rules(
        (
            Element((Component(Kind.ENERGY, D(1000)),), Restrictions(max_energy_wh=10_000)),
            Element((Component(Kind.ENERGY, D(5000)),)),
        )
    )
)


def test_energy_costs_its_price_and_the_session_fee():
    assert total_of(PLAIN, energy_wh=20_000, power_w=7_000, at=AT) == 49_340
    assert total_of(WITH_FEE, energy_wh=20_000, power_w=60_000, at=AT) == 74_340


def test_time_costs_what_the_car_takes_for_it():
    # 10 kWh at 20 kW are half an hour of 30,000 an hour.
    assert total_of(BY_TIME, energy_wh=10_000, power_w=20_000, at=AT) == 15_000


@pytest.mark.parametrize("snapshot", [PLAIN, WITH_FEE, BY_TIME, BENT])
@pytest.mark.parametrize("amount", [10_000, 24_999, 25_000, 50_000, 99_999, 200_000])
def test_amount_reaches_as_far_as_it_pays_and_no_step_further(snapshot, amount):
    most = 150_000
    energy = energy_for(snapshot, amount=amount, power_w=20_000, at=AT, most_wh=most)
    assert energy is not None
    assert energy % 100 == 0
    if energy:
        assert total_of(snapshot, energy_wh=energy, power_w=20_000, at=AT) <= amount
    assert total_of(snapshot, energy_wh=energy + 100, power_w=20_000, at=AT) > amount


def test_amount_beyond_all_energy_tells_none():
    assert energy_for(PLAIN, amount=10**7, power_w=7_000, at=AT, most_wh=150_000) is None


def test_nothing_is_bought_below_the_session_fee():
    assert energy_for(WITH_FEE, amount=20_000, power_w=7_000, at=AT, most_wh=150_000) == 0


@pytest.mark.parametrize(("snapshot", "most"), [(WITH_FEE, 6), (BENT, 22)])
def test_search_takes_few_prices(monkeypatch, snapshot, most):
    asked = []
    real = estimates.price
    monkeypatch.setattr(estimates, "price", lambda *args: asked.append(1) or real(*args))
    energy_for(snapshot, amount=60_000, power_w=20_000, at=AT, most_wh=150_000)
    assert len(asked) <= most
