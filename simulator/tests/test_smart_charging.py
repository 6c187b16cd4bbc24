from datetime import UTC, datetime, timedelta

import pytest

from simulator.connector import Transaction
from simulator.smart_charging import ProfileStore, RefusedProfileError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUNNING = Transaction(1, "TAG", NOW - timedelta(minutes=30), 0, id=7)


def profile(number=1, purpose="TxDefaultProfile", level=0, periods=((0, 10),), unit="A", **more):
    schedule = {
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [{"startPeriod": at, "limit": limit} for at, limit in periods],
    }
    schedule.update(more.pop("schedule", {}))
    return {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": more.pop("kind", "Relative"),
        "chargingSchedule": schedule,
        **more,
    }


def limit(store, *, transaction=RUNNING, phases=3, now=NOW):
    return store.limit_w(1, now, transaction, phases)


def installed(*profiles):
    store = ProfileStore()
    for connector, each in profiles:
        store.install(connector, each, RUNNING)
    return store


def test_without_profiles_there_is_no_limit():
    assert limit(ProfileStore()) is None


def test_amperes_are_per_phase_and_watts_the_total():
    assert limit(installed((1, profile()))) == 10 * 230 * 3
    assert limit(installed((1, profile())), phases=1) == 10 * 230
    assert limit(installed((1, profile(unit="W", periods=((0, 5000),))))) == 5000


def test_the_highest_stack_level_wins():
    store = installed((1, profile(1, level=0)), (1, profile(2, level=3, periods=((0, 20),))))
    assert limit(store) == 20 * 230 * 3


def test_a_profile_of_the_transaction_overrules_the_default_even_upwards():
    store = installed((1, profile(1)), (1, profile(2, "TxProfile", periods=((0, 16),))))
    assert limit(store) == 16 * 230 * 3


def test_the_whole_charger_limits_everything():
    high = profile(2, "TxProfile", periods=((0, 32),))
    store = installed((0, profile(1, "ChargePointMaxProfile")), (1, high))
    assert limit(store) == 10 * 230 * 3


def test_a_default_of_connector_zero_holds_where_the_connector_has_none():
    store = installed((0, profile(1)))
    assert limit(store) == 10 * 230 * 3
    store.install(1, profile(2, periods=((0, 6),)), RUNNING)
    assert limit(store) == 6 * 230 * 3


def test_periods_follow_the_time_of_a_relative_schedule():
    store = installed((1, profile(periods=((0, 32), (1800, 6)))))
    assert limit(store, now=NOW - timedelta(seconds=1)) == 32 * 230 * 3
    assert limit(store, now=NOW) == 6 * 230 * 3


def test_a_daily_schedule_comes_back_every_day():
    start = "2026-02-20T11:00:00Z"
    daily = profile(
        kind="Recurring",
        recurrencyKind="Daily",
        periods=((0, 8), (7200, 32)),
        schedule={"startSchedule": start},
    )
    store = installed((1, daily))
    assert limit(store) == 8 * 230 * 3
    assert limit(store, now=NOW + timedelta(hours=1)) == 32 * 230 * 3


def test_an_expired_profile_and_one_past_its_duration_say_nothing():
    store = installed((1, profile(validTo="2026-03-01T12:00:00Z")))
    assert limit(store) is None
    store = installed((1, profile(schedule={"duration": 1800})))
    assert limit(store) is None


def test_the_same_id_or_purpose_and_level_is_replaced():
    store = installed((1, profile(1)), (1, profile(1, level=4)), (1, profile(9, level=4)))
    assert [each["chargingProfileId"] for _, each in store.installed] == [9]


@pytest.mark.parametrize(
    ("connector", "bad"),
    [
        (1, profile(purpose="ChargePointMaxProfile")),
        (0, profile(purpose="TxProfile")),
        (1, profile(purpose="TxProfile", transactionId=8)),
        (1, profile(periods=((60, 10),))),
    ],
)
def test_profiles_against_the_specification_are_refused(connector, bad):
    with pytest.raises(RefusedProfileError):
        installed((connector, bad))


def test_a_transaction_profile_without_a_transaction_is_refused():
    with pytest.raises(RefusedProfileError):
        ProfileStore().install(1, profile(purpose="TxProfile"), None)


def test_clearing_by_id_ignores_the_other_fields():
    store = installed((1, profile(1)), (1, profile(2, level=1)))
    assert store.clear({"id": 2, "connectorId": 99})
    assert [each["chargingProfileId"] for _, each in store.installed] == [1]


def test_clearing_by_fields_needs_all_of_them_to_match():
    store = installed((1, profile(1)), (0, profile(2, level=1)))
    assert not store.clear({"connectorId": 1, "stackLevel": 1})
    assert store.clear({"connectorId": 0, "stackLevel": 1})
    assert store.clear({})
    assert store.installed == []


def test_a_transaction_takes_its_profiles_with_it():
    store = installed((1, profile(1)), (1, profile(2, "TxProfile")))
    store.forget_transaction(1)
    assert [each["chargingProfileId"] for _, each in store.installed] == [1]
