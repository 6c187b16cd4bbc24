"""Fair shares: what must hold for any cars, and the worked example of docs/smart-charging.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chargers.smart_charging.allocation import STEP_MA, Car, Share, Why, allocate
from chargers.smart_charging.demand import demand_of
from chargers.smart_charging.steps import Grant, next_limits
from chargers.smart_charging.units import Supply

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TURN = timedelta(minutes=15)


def car(key, *, minimum=6_000, maximum=32_000, **values):
    return Car(key, minimum, maximum, **values)


def share(cars, available, now=NOW):
    return allocate(cars, available, now=now, turn=TURN)


def levels(cars, available, now=NOW):
    return {key: each.ma for key, each in share(cars, available, now).items()}


def test_worked_example_of_the_documentation():
    """22 kW on three phases are 31.8 A; three cars, the third wants 8 A, then leaves."""
    budget = Supply(3, 230).share_of_power(22_000)
    assert budget == 31_884
    assert levels([car(1)], budget) == {1: 31_800}
    assert levels([car(1), car(2)], budget) == {1: 15_900, 2: 15_900}
    assert levels([car(1), car(2), car(3)], budget) == {1: 10_600, 2: 10_600, 3: 10_600}
    modest = [car(1), car(2), car(3, demand_ma=8_000)]
    assert share(modest, budget) == {
        1: Share(11_900, Why.SHARE),
        2: Share(11_900, Why.SHARE),
        3: Share(8_000, Why.DEMAND),
    }


def test_current_that_nobody_takes_is_left_to_all():
    assert levels([car(1, demand_ma=8_000), car(2, demand_ma=8_000)], 30_000) == {
        1: 15_000,
        2: 15_000,
    }


def test_weight_two_gets_twice_as_much():
    assert levels([car(1, weight=2), car(2)], 30_000) == {1: 20_000, 2: 10_000}


def test_six_cars_on_ten_amperes_take_turns():
    cars = [car(key) for key in range(6)]
    assert levels(cars, 10_000) == {0: 10_000, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0}


def test_idle_car_lets_others_go_first():
    cars = [car(1, served_since=NOW, is_idle=True), car(2, waiting_since=NOW)]
    assert levels(cars, 8_000) == {1: 0, 2: 8_000}


demands = st.none() | st.integers(0, 40_000)
ages = st.none() | st.integers(0, 3_600).map(lambda s: NOW - timedelta(seconds=s))


@st.composite
def fleets(draw):
    cars = []
    for key in range(draw(st.integers(0, 8))):
        served = draw(ages)
        cars.append(
            car(
                key,
                maximum=draw(st.integers(5_000, 63_000)),
                demand_ma=draw(demands),
                weight=draw(st.integers(1, 3)),
                served_since=served,
                waiting_since=None if served else draw(ages),
                is_idle=draw(st.booleans()),
            )
        )
    return cars


@given(fleets(), st.integers(0, 200_000))
def test_sum_is_within_the_budget_and_each_share_is_nothing_or_enough(cars, available):
    given_out = levels(cars, available)
    assert sum(given_out.values()) <= available
    for each in cars:
        ma = given_out[each.key]
        assert ma == 0 or each.minimum_ma <= ma <= each.maximum_ma
        assert ma % STEP_MA == 0


@given(fleets(), st.integers(0, 200_000), st.randoms(use_true_random=False))
def test_shares_do_not_depend_on_the_order_of_the_cars(cars, available, random):
    mixed = cars[:]
    random.shuffle(mixed)
    assert levels(cars, available) == levels(mixed, available)


@given(fleets(), st.integers(0, 200_000))
def test_nobody_could_get_more_without_somebody_poorer_getting_less(cars, available):
    """Max-min fairness of equal weights, to the step of 0.1 A per car."""
    cars = [replace(each, weight=1) for each in cars]
    given_out = levels(cars, available)
    served = [each for each in cars if given_out[each.key]]
    slack = STEP_MA * (len(served) + 1)
    spare = available - sum(given_out.values())
    for each in served:
        mine = given_out[each.key]
        if mine + STEP_MA > each.maximum_ma or each.demand_ma is not None:
            continue
        assert spare < slack
        for other in served:
            theirs = given_out[other.key]
            assert theirs <= max(mine + STEP_MA, other.minimum_ma)


@given(fleets(), st.integers(0, 200_000))
def test_no_car_waits_whose_minimum_is_left_over(cars, available):
    given_out = levels(cars, available)
    minimums = sum(each.minimum_ma for each in cars if given_out[each.key])
    for each in cars:
        if given_out[each.key] == 0 and each.maximum_ma // STEP_MA * STEP_MA >= each.minimum_ma:
            assert minimums + each.minimum_ma > available


@given(st.integers(1, 9), st.integers(6_000, 30_000))
def test_everybody_gets_a_turn(count, available):
    cars = [car(key, waiting_since=NOW) for key in range(count)]
    slots = available // 6_000
    turns_needed = -(-count // slots)
    now, had = NOW, set()
    for _round in range(turns_needed):
        given_out = levels(cars, available, now)
        had |= {key for key, ma in given_out.items() if ma}
        cars = [
            replace(each, served_since=each.served_since or now, waiting_since=None)
            if given_out[each.key]
            else replace(each, served_since=None, waiting_since=each.waiting_since or now)
            for each in cars
        ]
        now += TURN
    assert had == set(range(count))


def test_demand_is_given_up_late_and_taken_back_at_once():
    assert demand_of(measured_ma=8_000, limit_ma=16_000, before_ma=None, settled=False) is None
    assert demand_of(measured_ma=8_000, limit_ma=16_000, before_ma=None, settled=True) == 10_000
    # A wavering meter moves nothing.
    assert demand_of(measured_ma=8_700, limit_ma=16_000, before_ma=10_000, settled=True) == 10_000
    # Near its limit it wants more, without delay.
    assert demand_of(measured_ma=9_200, limit_ma=10_000, before_ma=10_000, settled=False) is None
    assert demand_of(measured_ma=None, limit_ma=10_000, before_ma=10_000, settled=True) is None


def steps(*grants, budget=30_000, threshold=1_000):
    return next_limits(grants, budget_ma=budget, threshold_ma=threshold, minimum_ma=6_000)


def test_lowering_goes_first_and_the_raise_waits_for_it():
    rich, poor = Grant(1, 30_000, 15_000), Grant(2, 0, 15_000)
    assert steps(rich, poor) == {1: 15_000}
    under_way = Grant(1, 30_000, 15_000, pending_ma=15_000)
    assert steps(under_way, poor) == {}
    assert steps(Grant(1, 15_000, 15_000), poor) == {2: 15_000}


def test_small_changes_are_left_out_unless_a_larger_one_needs_them():
    assert steps(Grant(1, 15_500, 15_000), Grant(2, 14_500, 15_000)) == {}
    assert steps(Grant(1, 10_500, 10_000), Grant(2, 10_500, 10_000), Grant(3, 6_000, 10_000)) == {
        1: 10_000,
        2: 10_000,
        3: 9_000,
    }


def test_charger_that_takes_what_it_wants_is_counted_and_left_alone():
    assert steps(Grant(1, 0, 0, takes_ma=20_000), Grant(2, 0, 30_000)) == {2: 10_000}


grants = st.lists(
    st.tuples(
        st.integers(0, 320), st.integers(0, 320), st.none() | st.integers(0, 320), st.booleans()
    ),
    max_size=7,
)


@given(grants, st.integers(0, 100_000))
def test_no_step_leads_above_the_budget(rows, budget):
    """Whatever is confirmed, lost or delayed: what chargers may be allowing stays within it."""
    wanted = sum(target for _c, target, _p, _f in rows) * 100
    state = [
        Grant(
            key,
            confirmed * 100,
            target * 100 if wanted <= budget else 0,
            None if pending is None else pending * 100,
            confirmed * 100 if fixed else None,
        )
        for key, (confirmed, target, pending, fixed) in enumerate(rows)
    ]
    before = sum(grant.counts_ma for grant in state)
    sent = steps(*state, budget=budget)
    after = sum(max(grant.counts_ma, sent.get(grant.key, 0)) for grant in state)
    assert after <= max(budget, before)
    assert not any(state[key].takes_ma is not None for key in sent)
    assert not any(state[key].pending_ma is not None for key in sent)
