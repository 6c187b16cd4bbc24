"""What holds for every tariff and every session (found false by hypothesis, or not at all)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tariffs.pricing import (
    Bound,
    Component,
    Element,
    Kind,
    Period,
    Restrictions,
    Rules,
    SimpleTariff,
    Snapshot,
    State,
    Tax,
    TaxCode,
    Usage,
    price,
    simple_rules,
    simple_tariff_of,
    snapshot_from_json,
    to_json,
)

PRICED = (Kind.ENERGY, Kind.TIME, Kind.PARKING_TIME, Kind.FLAT)
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Berlin", "UTC")

amounts = st.decimals(0, 5_000, places=2)
taxes = st.sampled_from([(), (Tax(TaxCode.VAT, Decimal(11)),), (Tax(TaxCode.VAT, Decimal("5.2")),)])
clocks = st.none() | st.times().map(lambda t: time(t.hour, t.minute))


def components(*, steps):
    sizes = st.sampled_from([0, 1, 60, 500, 900]) if steps else st.just(0)
    made = {
        kind: st.builds(
            Component, st.just(kind), amounts, st.just(0) if kind is Kind.FLAT else sizes, taxes
        )
        for kind in PRICED
    }
    kinds = st.lists(st.sampled_from(PRICED), min_size=1, max_size=4, unique=True)
    return kinds.flatmap(lambda chosen: st.tuples(*(made[kind] for kind in chosen)))


restrictions = st.builds(
    Restrictions,
    start_time=clocks,
    end_time=clocks,
    days=st.sets(st.integers(1, 7), max_size=4).map(frozenset),
    min_energy_wh=st.none() | st.integers(0, 40_000),
    max_energy_wh=st.none() | st.integers(1, 60_000),
    max_power_w=st.none() | st.sampled_from([7_000, 22_000]),
    min_duration_s=st.none() | st.integers(0, 7_200),
    max_duration_s=st.none() | st.integers(1, 10_800),
    min_idle_s=st.none() | st.integers(0, 1_800),
)


@st.composite
def snapshots(draw, *, steps=False, one_sided=True):
    elements = st.builds(Element, components(steps=steps), restrictions | st.just(Restrictions()))
    side = st.none() | amounts if one_sided else amounts
    bound = st.none() | st.builds(Bound, side, side)
    rules = Rules(
        elements=tuple(draw(st.lists(elements, min_size=1, max_size=4))),
        tax_included=draw(st.booleans()),
        min_price=draw(bound),
        max_price=draw(bound),
        free_below_wh=draw(st.sampled_from([0, 1, 200])),
    )
    pbjt = draw(st.sampled_from([Decimal(0), Decimal("2.4"), Decimal(10)]))
    return Snapshot(rules, draw(st.sampled_from(ZONES)), pbjt)


pieces = st.tuples(
    st.integers(1, 6 * 3600),
    st.integers(0, 60_000),
    st.sampled_from([State.CHARGING, State.CHARGING, State.IDLE]),
)


@st.composite
def usages(draw):
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 525_600)))
    return build(start, draw(st.lists(pieces, min_size=1, max_size=5)))


def build(start, parts):
    periods, at = [], start
    for seconds, energy_wh, state in parts:
        periods.append(Period(at, energy_wh, state))
        at += timedelta(seconds=seconds)
    return Usage(start, at, tuple(periods))


def split(usage, share):
    """The same usage, each period in two."""
    ends = [period.start for period in usage.periods[1:]] + [usage.ended_at]
    periods = []
    for period, end in zip(usage.periods, ends, strict=True):
        length = (end - period.start) // timedelta(microseconds=1)
        cut = length * share // 100
        first = Fraction(period.energy_wh) * cut / length
        middle = period.start + timedelta(microseconds=cut)
        periods += [
            Period(period.start, first, period.state),
            Period(middle, period.energy_wh - first, period.state),
        ]
    return Usage(usage.started_at, usage.ended_at, tuple(periods))


@given(snapshots(), usages(), st.integers(1, 99))
@settings(max_examples=200, deadline=None)
def test_split_usage_costs_what_the_whole_costs(snapshot, usage, share):
    whole, parts = price(snapshot, usage), price(snapshot, split(usage, share))
    assert (whole.total_excl, whole.total_incl) == (parts.total_excl, parts.total_incl)


@given(snapshots(steps=True), usages())
@settings(max_examples=200, deadline=None)
def test_lines_sum_to_the_total_and_nothing_is_negative(snapshot, usage):
    result = price(snapshot, usage)
    assert sum(line.net for line in result.lines) == result.total_excl
    assert sum(line.gross for line in result.lines) == result.total_incl
    assert result.total_excl >= 0
    assert result.total_incl >= result.total_excl
    assert all(line.net >= 0 for line in result.lines if line.kind in PRICED)


@given(snapshots(steps=True), usages(), st.sampled_from([0, 2]))
@settings(max_examples=200, deadline=None)
def test_rounded_lines_sum_to_the_total_and_stay_near_the_exact_one(snapshot, usage, digits):
    result = price(snapshot, usage)
    rounded = result.rounded(digits)
    assert rounded.total == rounded.net + rounded.tax
    assert rounded.tax == sum(rounded.tax_of(code) for code in TaxCode)
    assert all(line.gross == line.net + line.tax for line in rounded.lines)
    difference = abs(rounded.total - result.total_incl * 10**digits)
    assert difference <= Fraction(max(len(result.lines), 1), 2)
    assert rounded.total >= 0


# A bound with one side follows the mix of taxes on the other: that mix may change.
@given(snapshots(one_sided=False), usages(), pieces)
@settings(max_examples=200, deadline=None)
def test_going_on_never_costs_less(snapshot, usage, more):
    seconds, energy_wh, state = more
    longer = Usage(
        usage.started_at,
        usage.ended_at + timedelta(seconds=seconds),
        (*usage.periods, Period(usage.ended_at, energy_wh, state)),
    )
    assert price(snapshot, longer).total_incl >= price(snapshot, usage).total_incl


@given(snapshots(steps=True))
@settings(max_examples=100, deadline=None)
def test_snapshot_survives_json(snapshot):
    assert snapshot_from_json(json.loads(json.dumps(to_json(snapshot)))) == snapshot


simple_tariffs = st.builds(
    SimpleTariff,
    per_kwh=amounts,
    session_fee=amounts,
    idle_per_minute=amounts,
    idle_grace_minutes=st.integers(0, 1440),
    night_per_kwh=st.none() | amounts,
    tax_included=st.booleans(),
    fee_vat_percent=st.sampled_from([None, Decimal(11), Decimal(12)]),
    energy_vat_percent=st.sampled_from([None, Decimal(11)]),
)


@given(simple_tariffs)
def test_simple_rules_are_read_back_as_the_numbers_that_made_them(tariff):
    rules = simple_rules(tariff)
    found = simple_tariff_of(rules)
    assert found is not None
    assert simple_rules(found) == rules


@given(snapshots(steps=True))
def test_other_rules_are_never_taken_for_simple_ones(snapshot):
    found = simple_tariff_of(snapshot.rules)
    assert found is None or simple_rules(found) == snapshot.rules
