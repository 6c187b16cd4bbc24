"""What the engine adds to OCPI, and what OCPI leaves open: each decision is stated by a test."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from tariffs.pricing import (
    Bound,
    Component,
    Element,
    Kind,
    Period,
    Reservation,
    Restrictions,
    Rules,
    SimpleTariff,
    Snapshot,
    SnapshotError,
    State,
    Tax,
    TaxCode,
    Usage,
    price,
    simple_rules,
    snapshot_from_json,
    to_decimal,
    to_json,
)

D = Decimal
NOON = datetime(2026, 3, 9, 5, tzinfo=UTC)  # 12:00 in Jakarta, a Monday
VAT_11 = (Tax(TaxCode.VAT, D(11)),)


def energy(amount, **kw):
    return Component(Kind.ENERGY, D(amount), **kw)


def tariff(*elements, zone="Asia/Jakarta", **kw):
    return Snapshot(Rules(tuple(elements), **kw), zone)


def used(*periods, start=NOON):
    """(minutes, Wh[, state[, extras]]) one after the other."""
    made, at = [], start
    for minutes, energy_wh, *more in periods:
        state = more[0] if more else State.CHARGING
        extras = more[1] if len(more) > 1 else {}
        made.append(Period(at, energy_wh, state, **extras))
        at += timedelta(minutes=minutes)
    return Usage(start, at, tuple(made))


IDLE = State.IDLE


def test_energy_is_priced_per_kilowatt_hour():
    result = price(tariff(Element((energy("2467"),))), used((30, 12_345)))
    assert result.total_incl == Fraction(2467 * 12_345, 1000)
    assert [line.unit for line in result.lines] == ["kWh"]
    assert result.lines[0].quantity == Fraction(12_345, 1000)


def test_price_follows_the_clock_of_the_location():
    night = Element((energy("100"),), Restrictions(start_time=time(22), end_time=time(5)))
    day = Element((energy("300"),))
    # 21:30 to 22:30 in Jayapura, 60 Wh a minute.
    start = datetime(2026, 3, 9, 12, 30, tzinfo=UTC)
    usage = used((60, 3_600), start=start)
    jayapura = price(tariff(night, day, zone="Asia/Jayapura"), usage)
    assert jayapura.total_incl == Fraction(1_800 * 300 + 1_800 * 100, 1000)
    assert price(tariff(night, day, zone="Asia/Jakarta"), usage).total_incl == 1_080


def test_range_over_midnight_ends_in_the_morning():
    night = Element((energy("100"),), Restrictions(start_time=time(22), end_time=time(5)))
    day = Element((energy("300"),))
    start = datetime(2026, 3, 9, 21, 0, tzinfo=UTC)  # 04:00 in Jakarta
    result = price(tariff(night, day), used((120, 2_000), start=start))
    assert result.total_incl == 100 + 300


def test_day_of_week_changes_at_local_midnight():
    weekend = Element((energy("100"),), Restrictions(days=frozenset({6, 7})))
    other = Element((energy("300"),))
    start = datetime(2026, 3, 13, 16, 0, tzinfo=UTC)  # Friday 23:00 in Jakarta
    assert price(tariff(weekend, other), used((120, 2_000), start=start)).total_incl == 400


def test_dates_include_the_first_and_not_the_last():
    march = Restrictions(start_date=date(2026, 3, 9), end_date=date(2026, 3, 10))
    snapshot = tariff(Element((energy("100"),), march), Element((energy("300"),)))
    start = datetime(2026, 3, 8, 16, 0, tzinfo=UTC)  # 23:00 on the 8th
    assert price(snapshot, used((60, 1_000), start=start)).total_incl == 300
    assert price(snapshot, used((26 * 60, 26_000), start=start)).total_incl == (
        300 + 24 * 100 + 300
    )


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # Berlin, 29 March 2026: 02:00 becomes 03:00, so 02:30 never comes; the night is 5 h long.
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), [3, 3]),
        # 25 October 2026: 02:30 comes twice; what costs less before 02:30 does so in both.
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), [3, 3]),
    ],
)
def test_clock_changes_neither_lose_nor_double_time(start, expected):
    early = Component(Kind.TIME, D(1))
    late = Component(Kind.TIME, D(10))
    snapshot = tariff(
        Element((early,), Restrictions(start_time=time(0), end_time=time(2, 30))),
        Element((late,)),
        zone="Europe/Berlin",
    )
    result = price(snapshot, used((6 * 60, 0), start=start))
    assert sum(line.quantity for line in result.lines) == 6


def test_hour_that_comes_twice_is_priced_by_what_the_clock_shows():
    early = Element((Component(Kind.TIME, D(1)),), Restrictions(end_time=time(2, 30)))
    snapshot = tariff(early, Element((Component(Kind.TIME, D(10)),)), zone="Europe/Berlin")
    # 00:00 to 04:00 by the clock lasts five hours: 02:00-02:30 is there twice, so is 02:30-03:00.
    result = price(snapshot, used((300, 0), start=datetime(2026, 10, 24, 22, tzinfo=UTC)))
    assert {line.unit_price: line.quantity for line in result.lines} == {D(1): 3, D(10): 2}


def test_skipped_hour_is_priced_by_what_the_clock_shows():
    early = Element((Component(Kind.TIME, D(1)),), Restrictions(end_time=time(2, 30)))
    snapshot = tariff(early, Element((Component(Kind.TIME, D(10)),)), zone="Europe/Berlin")
    # 00:00 to 04:00 by the clock lasts three hours: at 02:00 it is 03:00.
    result = price(snapshot, used((180, 0), start=datetime(2026, 3, 28, 23, tzinfo=UTC)))
    assert {line.unit_price: line.quantity for line in result.lines} == {D(1): 2, D(10): 1}


def test_energy_threshold_is_met_inside_a_period():
    first = Element((energy("0"),), Restrictions(max_energy_wh=5_000))
    result = price(tariff(first, Element((energy("1000"),))), used((60, 8_000)))
    assert result.total_incl == 3_000


def test_average_power_counts_where_none_was_measured():
    slow = Element((energy("100"),), Restrictions(max_power_w=7_000))
    snapshot = tariff(slow, Element((energy("300"),)))
    assert price(snapshot, used((60, 6_999))).total_incl == Fraction(6_999 * 100, 1000)
    assert price(snapshot, used((60, 7_000))).total_incl == 2_100
    assert price(snapshot, used((60, 7_000, State.CHARGING, {"power_w": 0}))).total_incl == 700


def test_unknown_current_meets_no_restriction_on_current():
    amps = Element((energy("100"),), Restrictions(min_current_ma=1))
    assert price(tariff(amps), used((60, 1_000))).total_incl == 0
    measured = used((60, 1_000, State.CHARGING, {"current_ma": 16_000}))
    assert price(tariff(amps), measured).total_incl == 100


def test_idle_fee_begins_after_its_grace():
    idle = Element((Component(Kind.PARKING_TIME, D(60)),), Restrictions(min_idle_s=900))
    result = price(tariff(idle), used((30, 5_000), (40, 0, IDLE)))
    assert result.total_incl == 25
    assert result.lines[0].metered == Fraction(25, 60)


def test_idle_time_in_pieces_is_one_stretch():
    idle = Element((Component(Kind.PARKING_TIME, D(60)),), Restrictions(min_idle_s=900))
    result = price(tariff(idle), used((30, 5_000), (10, 0, IDLE), (10, 0, IDLE), (20, 0, IDLE)))
    assert result.total_incl == 25


def test_grace_begins_again_when_charging_went_on():
    idle = Element((Component(Kind.PARKING_TIME, D(60)),), Restrictions(min_idle_s=900))
    assert price(tariff(idle), used((10, 0, IDLE), (30, 5_000), (10, 0, IDLE))).total_incl == 0


def test_charging_is_no_idle_time_however_often_it_is_cut():
    late = Restrictions(start_time=time(12, 10), min_idle_s=1)
    snapshot = tariff(Element((Component(Kind.TIME, D(60)),), late))
    assert price(snapshot, used((60, 1_000))).total_incl == 0


def test_session_fee_is_taken_once():
    fee = Element((Component(Kind.FLAT, D(25_000)), energy("100")))
    result = price(tariff(fee), used((10, 1_000), (10, 1_000), (10, 0, IDLE)))
    assert [line.kind for line in result.lines] == [Kind.FLAT, Kind.ENERGY]
    assert result.total_incl == 25_200


def test_session_with_too_little_energy_costs_nothing():
    fee = Element((Component(Kind.FLAT, D(25_000)), energy("100")))
    snapshot = tariff(fee, free_below_wh=100, min_price=Bound(D(1)))
    failed = price(snapshot, used((10, 99)))
    assert (failed.waived, failed.total_incl, failed.lines) == (True, 0, ())
    assert price(snapshot, used((10, 100))).total_incl == 25_010


def test_nothing_is_priced_by_a_tariff_without_a_match():
    only = Element((energy("100"),), Restrictions(min_duration_s=10**6))
    assert price(tariff(only), used((10, 1_000))).lines == ()


def test_tax_is_added_to_net_prices():
    result = price(tariff(Element((energy("1000", taxes=VAT_11),))), used((60, 10_000)))
    assert (result.total_excl, result.total_incl) == (10_000, 11_100)


def test_tax_is_taken_out_of_gross_prices():
    snapshot = tariff(Element((Component(Kind.FLAT, D(11_100), taxes=VAT_11),)), tax_included=True)
    result = price(snapshot, used((60, 0)))
    assert (result.total_excl, result.total_incl) == (10_000, 11_100)


def test_regional_tax_is_on_energy_alone():
    element = Element((energy("1000"), Component(Kind.FLAT, D(500), taxes=VAT_11)))
    snapshot = Snapshot(Rules((element,)), "UTC", pbjt_percent=D("2.4"))
    rounded = price(snapshot, used((60, 10_000))).rounded(0)
    assert rounded.tax_of(TaxCode.PBJT) == 240
    assert rounded.tax_of(TaxCode.VAT) == 55
    assert (rounded.net, rounded.tax, rounded.total) == (10_500, 295, 10_795)


def test_each_line_is_rounded_half_up_once():
    element = Element((energy("0.5"), Component(Kind.FLAT, D("0.5"))))
    rounded = price(tariff(element), used((60, 1_000))).rounded(0)
    assert [line.gross for line in rounded.lines] == [1, 1]
    assert rounded.total == 2


def test_highest_price_is_the_total_to_the_rupiah():
    element = Element((energy("333.333", taxes=VAT_11), Component(Kind.FLAT, D("0.5"))))
    bound = Bound(D(900), D(1_000))
    rounded = price(tariff(element, max_price=bound), used((60, 10_000))).rounded(0)
    assert rounded.lines[-1].line.kind is Kind.MAX_PRICE
    assert (rounded.total, rounded.net) == (1_000, 900)


def test_bounds_are_compared_on_their_own():
    element = Element((energy("100", taxes=VAT_11),))
    only_incl = price(tariff(element, max_price=Bound(D(100), D(105))), used((60, 1_000)))
    assert (only_incl.total_excl, only_incl.total_incl) == (100, 105)


def test_side_of_a_bound_that_is_not_given_keeps_its_proportion():
    element = Element((energy("100", taxes=VAT_11),))
    result = price(tariff(element, max_price=Bound(incl=D(222))), used((60, 10_000)))
    assert (result.total_excl, result.total_incl) == (200, 222)


def test_least_price_adds_a_line():
    result = price(tariff(Element((energy("100"),)), min_price=Bound(D(500))), used((60, 1_000)))
    assert [(line.kind, line.net) for line in result.lines] == [
        (Kind.ENERGY, 100),
        (Kind.MIN_PRICE, 400),
    ]


def test_expired_reservation_without_rules_of_its_own_costs_what_reserving_costs():
    held = Element((Component(Kind.FLAT, D(5)),), Restrictions(reservation=Reservation.RESERVATION))
    usage = Usage(NOON, NOON + timedelta(hours=1), (Period(NOON, 0, State.RESERVED),), True)
    assert price(tariff(held, free_below_wh=1), usage).total_incl == 5


def test_line_says_why():
    element = Element((energy("100", step_size=500),))
    result = price(tariff(element), used((60, 1_200)))
    assert result.lines[0].why == "element 1, rounded up to steps of 500 Wh"
    assert (result.lines[0].metered, result.lines[0].quantity) == (D("1.2"), D("1.5"))


def test_simple_tariff_of_the_demo():
    rules = simple_rules(
        SimpleTariff(D(2467), D(25_000), D(500), 15, night_per_kwh=D(2097), fee_vat_percent=D(11))
    )
    start = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)  # 21:00 in Jakarta: an hour of day price
    usage = used((120, 20_000), (30, 0, IDLE), start=start)
    rounded = price(Snapshot(rules, "Asia/Jakarta"), usage).rounded(0)
    assert [(line.line.kind, line.gross, line.tax) for line in rounded.lines] == [
        (Kind.FLAT, 25_000, 2_477),
        (Kind.ENERGY, 24_670, 0),
        (Kind.ENERGY, 20_970, 0),
        (Kind.PARKING_TIME, 7_500, 743),
    ]


def test_usage_out_of_order_is_refused():
    later = NOON + timedelta(minutes=5)
    with pytest.raises(ValueError, match="starts before"):
        Usage(NOON, later, (Period(later), Period(NOON)))
    with pytest.raises(ValueError, match="before"):
        Usage(NOON, NOON, (Period(later),))
    with pytest.raises(ValueError, match="Negative energy"):
        Usage(NOON, later, (Period(NOON, -1),))


def test_energy_of_a_moment_is_priced():
    result = price(tariff(Element((energy("100"),))), Usage(NOON, NOON, (Period(NOON, 500),)))
    assert result.total_incl == 50


@pytest.mark.parametrize(
    "damage",
    [
        {"format": 2},
        {"elements": [{"components": [{"kind": "ENERGY"}], "restrictions": {}}]},
        {"elements": [{"components": [], "restrictions": {"phase_of_moon": 1}}]},
        {"pbjt_percent": "a lot"},
        {"time_zone": None, "elements": None},
    ],
)
def test_json_that_is_no_snapshot_is_refused(damage):
    data = to_json(tariff(Element((energy("1"),))))
    with pytest.raises(SnapshotError):
        snapshot_from_json(data | damage)


def test_decimal_of_an_exact_amount_is_rounded_half_up():
    assert to_decimal(Fraction(1, 3), 4) == D("0.3333")
    assert to_decimal(Fraction(-1, 2), 0) == D(-1)
