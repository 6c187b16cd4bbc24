"""A site's budget over the life of its sessions (docs/smart-charging.md)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chargers.events import (
    ChargerPresenceChanged,
    CommandFinished,
    ConnectorStatusChanged,
    SessionEnded,
    SessionStarted,
)
from chargers.models import (
    Charger,
    ChargingProfile,
    ChargingSession,
    Command,
    ConfigurationKey,
    Connector,
    SiteAllocationChange,
    SiteBudget,
    SiteCharger,
    SiteConnector,
)
from chargers.selectors.charging_profiles import values_of
from chargers.services.site_power import capacity, nudging, rebalancing, switching
from chargers.smart_charging.composition import Question, Running, compose
from chargers.tests.factories import make_location
from chargers.tests.sites import make_site
from unievp.lib.errors import RefusedError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def site():
    """22 kW for two chargers with two connectors each; everything is set up."""
    site = make_site()
    site.settle()
    return site


def profiles_of(charger):
    rows = ChargingProfile.objects.filter(charger=charger, state="installed")
    return {
        (row.profile_id, row.stack_level, row.purpose, str(row.periods.get().limit)) for row in rows
    }


def test_chargers_get_a_fallback_for_ever_and_a_gate_for_a_while(site):
    for charger in site.chargers:
        assert profiles_of(charger) == {
            (901, 0, "TxDefaultProfile", "7.9"),
            (902, 1, "TxDefaultProfile", "0.0"),
        }
    fallback = ChargingProfile.objects.filter(profile_id=901).first()
    gate = ChargingProfile.objects.filter(profile_id=902).first()
    assert (fallback.valid_to, fallback.duration_s) == (None, None)
    assert gate.valid_to - site.now <= timedelta(seconds=900)
    # Four cars at the fallback stay within 22 kW.
    assert 4 * 7_900 <= site.limit() == 31_884


def test_one_car_gets_everything_and_the_second_half_of_it(site):
    one, two = site.chargers
    site.plug_in(one)
    assert site.settle() == {"S1/1": (31_800, "full")}
    site.plug_in(two)
    assert site.settle() == {"S1/1": (15_900, "share"), "S2/1": (15_900, "share")}
    assert site.limits_sent("S1", 1) == [31.8, 15.9]
    assert site.limits_sent("S2", 1) == [15.9]


def test_raise_waits_until_the_lowering_was_confirmed(site):
    one, two = site.chargers
    site.plug_in(one)
    site.settle()
    site.plug_in(two)
    site.answers[one.pk] = None
    for _round in range(3):
        site.compute(seconds=5)
        site.answer()
        assert site.counted() <= site.limit()
    # The first charger does not answer: what it had counts, and the second car waits.
    assert site.table()["S1/1"][0] == 31_800
    assert site.limits_sent("S2", 1) == []
    site.answers.clear()
    assert site.settle() == {"S1/1": (15_900, "share"), "S2/1": (15_900, "share")}


def test_what_a_car_leaves_is_given_to_the_others(site):
    one, two = site.chargers
    site.plug_in(one)
    leaving = site.plug_in(two)
    site.settle()
    site.unplug(leaving)
    assert site.settle() == {"S1/1": (31_800, "full")}


def test_car_that_takes_less_gives_up_the_rest_and_gets_it_back(site):
    one, two = site.chargers
    site.plug_in(one)
    modest = site.plug_in(two)
    site.settle()

    def measure(power_w):
        # One phase: 6 A are 1380 W.
        ChargingSession.objects.filter(pk=modest.pk).update(
            power_w=power_w, last_reading_at=site.now
        )

    measure(1_380)
    assert site.settle()["S2/1"] == (15_900, "share")
    site.now += timedelta(seconds=70)
    measure(1_380)
    assert site.settle() == {"S1/1": (23_800, "share"), "S2/1": (8_000, "demand")}
    measure(1_817)
    assert site.settle() == {"S1/1": (15_900, "share"), "S2/1": (15_900, "share")}


def test_connector_charger_and_own_caps_hold(site):
    one, two = site.chargers
    Connector.objects.filter(charger=one, number=1).update(max_current_a=16)
    Charger.objects.filter(pk=two.pk).update(max_power_w=7_000)
    special = SiteConnector.objects.create(
        budget=site.budget, connector=one.connectors.get(number=2), cap_ma=8_000
    )
    site.plug_in(one, 1)
    site.plug_in(one, 2)
    assert site.settle() == {"S1/1": (16_000, "full"), "S1/2": (8_000, "full")}
    special.delete()
    site.plug_in(two, 1)
    # The charger's own 7 kW are 10.1 A: not enough for two minimums.
    site.plug_in(two, 2)
    assert site.settle() == {
        "S1/1": (10_800, "share"),
        "S1/2": (10_800, "share"),
        "S2/1": (10_100, "full"),
        "S2/2": (0, "waiting"),
    }


def test_cars_take_turns_when_not_all_can_have_the_minimum():
    site = make_site(power_w=9_000, turn_s=600, lease_s=7_200)
    one, two = site.chargers
    site.settle()
    for charger, number in ((one, 1), (one, 2), (two, 1)):
        site.plug_in(charger, number)
    waited = set()
    for _turn in range(3):
        table = site.settle()
        shares = [ma for ma, _why in table.values()]
        assert sorted(shares) == [0, 6_500, 6_500]
        waited |= {name for name, (ma, _why) in table.items() if ma == 0}
        site.now += timedelta(seconds=600)
    assert waited == {"S1/1", "S1/2", "S2/1"}


@pytest.mark.proves("client 19")
def test_charger_that_takes_only_watts_is_asked_in_watts(site):
    site = make_site(location=make_location(), chargers=0)
    site = _with_refusing(site, "A")
    (charger,) = site.chargers
    site.settle(within=False)
    assert profiles_of(charger) == {
        (901, 0, "TxDefaultProfile", "10971.0"),
        (902, 1, "TxDefaultProfile", "0.0"),
    }
    site.plug_in(charger)
    assert site.settle() == {"W1/1": (31_800, "full")}
    assert site.limits_sent("W1", 1) == [21942]


def _with_refusing(site, unit):
    from chargers.models import Presence
    from chargers.tests.factories import make_charger

    charger = make_charger(
        location=site.budget.location, identity="W1", max_power_w=44_000, tariff=False
    )
    Presence.objects.create(charger=charger, online=True)
    site.chargers.append(charger)
    site.refused_units[charger.pk] = (unit,)
    return site


def test_known_unit_is_used_at_once():
    site = make_site(chargers=1)
    ConfigurationKey.objects.create(
        charger=site.chargers[0],
        key="ChargingScheduleAllowedChargingRateUnit",
        value="Power",
        read_at=site.now,
    )
    site.settle()
    units = {p["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"] for _n, p in site.sent}
    assert units == {"W"}


def test_highest_allowed_level_is_used_and_without_levels_there_is_no_gate():
    site = make_site(chargers=2)
    for charger, level in zip(site.chargers, (5, 0), strict=True):
        ConfigurationKey.objects.create(
            charger=charger, key="ChargeProfileMaxStackLevel", value=level, read_at=site.now
        )
        site.plug_in(charger)
    site.settle(within=False)
    five, none = ({(row[0], row[1]) for row in profiles_of(charger)} for charger in site.chargers)
    assert five == {(901, 0), (902, 1), (911, 5)}
    assert none == {(901, 0), (911, 0)}
    # Without a gate the free connector counts with its fallback: a car may plug in.
    assert site.table()["S2/2"] == (7_900, "idle")
    assert site.counted() <= site.limit()


def test_refusing_charger_counts_in_full_and_is_asked_again():
    site = make_site()
    one, two = site.chargers
    Connector.objects.filter(charger=one).update(max_power_w=11_000)
    site.answers[one.pk] = "Rejected"
    site.plug_in(one)
    site.plug_in(two)
    site.settle(within=False)
    # 11 kW are 15.9 A; the other car gets what is left.
    assert site.table() == {"S1/1": (15_942, "refused"), "S2/1": (15_900, "share")}
    row = SiteCharger.objects.get(charger=one)
    assert (row.refusal, row.refusals) == ("Rejected", 4)
    assert row.retry_at > site.now
    asked = len(site.limits_sent("S1", 1))
    # Every way once, and one more: the refused fallback had moved on to watts already.
    assert asked == 5
    site.settle()
    assert len(site.limits_sent("S1", 1)) == asked
    # Later it obeys.
    site.answers.clear()
    site.now = row.retry_at + timedelta(seconds=301)
    assert site.settle() == {"S1/1": (15_900, "full"), "S2/1": (15_900, "share")}


def test_charger_that_refuses_tx_profiles_gets_defaults_of_its_connector():
    site = make_site(chargers=1)
    (charger,) = site.chargers
    site.settle()
    session = site.plug_in(charger)
    SiteCharger.objects.filter(charger=charger).update(mode=2)
    assert site.settle() == {"S1/1": (31_800, "full")}
    assert (911, 1, "TxDefaultProfile", "31.8") in profiles_of(charger)
    # With the car gone the connector is closed again: its next car must wait for its share.
    site.unplug(session)
    assert site.settle() == {}
    assert (911, 1, "TxDefaultProfile", "0.0") in profiles_of(charger)


def test_offline_charger_counts_with_its_limit_then_with_its_fallback(site):
    one, two = site.chargers
    site.plug_in(one)
    site.plug_in(two)
    site.settle()
    site.online(one, online=False)
    site.settle()
    # Its car goes on at 15.9 A; room is made for the 7.9 A of its other connector in time.
    assert site.table() == {
        "S1/1": (15_900, "offline"),
        "S1/2": (0, "offline"),
        "S2/1": (8_000, "share"),
    }
    site.now += timedelta(seconds=900)
    assert site.settle() == {
        "S1/1": (7_900, "offline"),
        "S1/2": (7_900, "offline"),
        "S2/1": (16_000, "share"),
    }
    site.online(one, online=True)
    assert site.settle() == {"S1/1": (15_900, "share"), "S2/1": (15_900, "share")}


def test_when_we_are_gone_every_charger_returns_to_its_fallback(site):
    sessions = [site.plug_in(charger) for charger in site.chargers]
    site.settle()
    later = site.now + timedelta(hours=1)
    for charger, session in zip(site.chargers, sessions, strict=True):
        question = Question(
            connector=1,
            begin=site.now,
            end=later,
            running=Running(session.transaction_id, session.started_at),
        )
        slots = compose(values_of(charger.pk, site.now), question)
        assert [str(slot.limit) for slot in slots] == ["15.9", "15.9", "7.9"]
        assert slots[1].end - site.now <= timedelta(seconds=900)


def test_limits_are_renewed_before_they_end(site):
    site.plug_in(site.chargers[0])
    site.settle()
    site.compute(seconds=400)
    assert site.answer() == 0
    site.compute(seconds=60)
    # The limit of the session, and the gates of both chargers.
    assert site.answer() == 3
    assert site.limits_sent("S1", 1) == [31.8, 31.8]


def test_booted_charger_is_not_believed_to_have_kept_its_profiles(site):
    (one, _two) = site.chargers
    site.plug_in(one)
    site.settle()
    sent = len(site.sent)
    booted = ChargingProfile.objects.latest("state_at").state_at + timedelta(seconds=1)
    Charger.objects.filter(pk=one.pk).update(booted_at=booted)
    site.compute(seconds=5)
    assert Command.objects.filter(status="queued", charger=one).count() == 3
    assert len(site.sent) == sent


def test_connector_that_does_not_count_is_left_alone(site):
    one, _two = site.chargers
    SiteConnector.objects.create(
        budget=site.budget, connector=one.connectors.get(number=1), counted=False
    )
    site.plug_in(one)
    assert site.settle() == {"S1/1": (0, "apart")}
    assert site.limits_sent("S1", 1) == []


def test_old_start_from_a_queue_is_not_limited_at_once(site):
    one, _two = site.chargers
    site.plug_in(one, started_at=site.now - timedelta(hours=3))
    Connector.objects.filter(charger=one).update(status="Available")
    site.settle()
    assert site.limits_sent("S1", 1) == []
    site.now += timedelta(seconds=61)
    site.settle()
    assert site.limits_sent("S1", 1) == [31.8]


def test_every_change_is_kept_with_its_reason(site):
    one, two = site.chargers
    site.plug_in(one)
    site.settle()
    site.plug_in(two)
    site.settle()
    changes = SiteAllocationChange.objects.filter(after_ma__gt=0).order_by("at", "id")
    assert [(str(c.connector), c.before_ma, c.after_ma, c.reason) for c in changes] == [
        ("S1/1", 0, 31_800, "full"),
        ("S1/1", 31_800, 15_900, "share"),
        ("S2/1", 0, 15_900, "share"),
    ]


def test_hours_with_another_power_follow_the_locations_own_time():
    site = make_site(location=make_location(time_zone="Asia/Jakarta"), power_w=44_000)
    site.budget.windows.create(begins="17:00", ends="22:00", power_w=22_000)
    site.budget.windows.create(begins="21:00", ends="06:00", power_w=33_000)
    budget, windows = site.budget, list(site.budget.windows.all())

    def at(hour, minute=0):
        # WIB is UTC+7.
        return datetime(2026, 3, 2, hour, minute, tzinfo=UTC) - timedelta(hours=7)

    def now(moment):
        return capacity.budget_now(budget, windows, moment) * 690 // 1_000_000

    assert [now(at(h)) for h in (12, 17, 21, 22, 5, 6)] == [43, 21, 21, 32, 32, 43]
    assert capacity.next_change(budget, windows, at(12)) == at(17)
    assert capacity.next_change(budget, windows, at(22)) == at(6) + timedelta(days=1)
    # A charger on its own counts on the smallest of them.
    assert capacity.least_budget(budget, windows) == 31_884


def test_reserve_for_the_building_is_taken_off():
    assert (
        capacity.budget_now(
            SiteBudget(power_w=22_000, reserve_w=8_200, location=make_location()),
            [],
            datetime.now(UTC),
        )
        == 20_000
    )


def test_fallback_that_exceeds_the_budget_is_refused_with_the_fix(site):
    site.budget.fallback_ma = 10_000
    with pytest.raises(RefusedError) as caught:
        switching.check_budget(site.budget)
    assert caught.value.field == "fallback_ma"
    assert "use at most 7900 mA" in str(caught.value)


def test_switched_off_budget_leaves_no_profile_behind(site):
    site.plug_in(site.chargers[0])
    site.settle()
    site.budget.enabled = False
    site.budget.save(update_fields=["enabled"])
    switching.apply_budget(site.budget, actor="test")
    site.answer()
    assert not ChargingProfile.objects.filter(state="installed").exists()
    assert not site.compute(seconds=60)


def test_events_bring_the_computation_forward_but_not_before_the_pause(site):
    one, _two = site.chargers
    session = site.plug_in(one)
    command = Command.objects.filter(action="SetChargingProfile").latest("created_at")
    pause = timedelta(seconds=5)
    for event in (
        SessionStarted(session.pk),
        SessionEnded(session.pk),
        ConnectorStatusChanged(one.pk, 1, "Charging"),
        ChargerPresenceChanged(one.pk, online=False),
        CommandFinished(str(command.pk)),
    ):
        far = site.now + timedelta(seconds=60)
        SiteBudget.objects.update(next_at=far, computed_at=site.now)
        assert list(nudging.budgets_moved([event])) == [site.budget.pk]
        site.budget.refresh_from_db()
        assert site.budget.next_at == site.now + pause


def test_events_of_other_places_move_nothing(site):
    other = make_site(location=make_location(), chargers=0)
    far = site.now + timedelta(seconds=60)
    SiteBudget.objects.update(next_at=far)
    assert rebalancing.bring_forward(chargers=[site.chargers[0].pk]) != {}
    other.budget.refresh_from_db()
    assert other.budget.next_at == far
    assert rebalancing.bring_forward(commands=[], sessions=[], chargers=[]) == {}


def test_budget_that_is_not_due_is_not_computed(site):
    SiteBudget.objects.update(next_at=site.now + timedelta(seconds=1))
    assert not rebalancing.rebalance_site(site.budget.pk, now=site.now)
    assert rebalancing.due_budgets(site.now) == []
    assert rebalancing.due_budgets(site.now + timedelta(seconds=1)) == [site.budget.pk]
