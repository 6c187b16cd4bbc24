"""Every scenario does to the central system what its name says, on the wire."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from random import Random

import pytest
from ocpp.v16 import call

from simulator.scenarios import SCENARIOS, describe, dropped_sockets, garbage, reconnect_storm
from simulator.tests.central import fleet_at, until

ID = "SIM-0001"
QUICK = {"speed": 2000, "gap_s": 20}


def calls(central, action):
    return [frame for _, frame in central.frames if frame[0] == 2 and frame[2] == action]


def unfinished(fleet):
    """The transactions whose end the chargers still have to tell."""
    transactions = [
        connector.transaction for charger in fleet.chargers for connector in charger.connectors
    ]
    for charger in fleet.chargers:
        transactions += [message.transaction for message in charger.outbox.queue]
    return {each.id for each in transactions if each is not None and each.id is not None}


async def test_duplicates_come_with_the_same_id_and_with_a_new_one(central):
    async with fleet_at(central, scenario="duplicates", **QUICK) as fleet:
        await until(lambda: len(calls(central, "StopTransaction")) >= 3)
    for action in ("StartTransaction", "MeterValues", "StopTransaction"):
        first, same, new = calls(central, action)[:3]
        assert first == same
        assert new[1] != first[1]
        assert new[3] == first[3]
    events = fleet.stats.events
    assert events["duplicates_answered_alike"] == events["duplicates_sent"] > 0
    assert len(central.starts) == fleet.stats.sessions_started


async def test_reordered_values_come_after_their_stop_and_none_is_lost(central):
    async with fleet_at(central, scenario="reordering", chargers=2, **QUICK):
        await until(lambda: len(central.of("StopTransaction")) >= 3)
    late = [
        index
        for index, (_, action, payload) in enumerate(central.messages)
        if action == "MeterValues"
        and any(
            earlier[1] == "StopTransaction"
            and earlier[2]["transaction_id"] == payload["transaction_id"]
            for earlier in central.messages[:index]
        )
    ]
    assert late
    assert {each["transaction_id"] for each in central.of("MeterValues")} <= set(central.started)


async def test_an_offline_queue_arrives_in_order_and_without_a_boot(central):
    async with fleet_at(central, scenario="offline_queue", chargers=3, **QUICK) as fleet:
        await until(lambda: fleet.stats.events["queues_flushed"] >= 4, within=20)
    assert len(central.of("BootNotification")) == 3
    assert fleet.stats.reconnects >= 4
    for charger in fleet.chargers:
        times = [
            payload.get("timestamp") or payload["meter_value"][0]["timestamp"]
            for who, action, payload in central.messages
            if who == charger.id
            and action in ("StartTransaction", "MeterValues", "StopTransaction")
        ]
        assert times == sorted(times)
    stopped = [each["transaction_id"] for each in central.of("StopTransaction")]
    assert len(stopped) == len(set(stopped))
    assert set(central.started) == set(stopped) | unfinished(fleet)


async def test_after_a_power_failure_the_stop_follows_the_boot(central):
    async with fleet_at(central, scenario="power_failure", chargers=4, **QUICK):
        await until(
            lambda: any(each["reason"] == "PowerLoss" for each in central.of("StopTransaction")), 20
        )
    lost = next(
        index
        for index, (_, action, payload) in enumerate(central.messages)
        if action == "StopTransaction" and payload["reason"] == "PowerLoss"
    )
    who = central.messages[lost][0]
    before = [action for charger, action, _ in central.messages[:lost] if charger == who]
    assert before.count("BootNotification") >= 2
    last_start = len(before) - before[::-1].index("StartTransaction")
    assert "BootNotification" in before[last_start:]


async def test_a_reset_register_stops_below_its_start(central):
    async with fleet_at(central, scenario="register_reset", chargers=3, **QUICK):
        await until(
            lambda: any(
                stop["meter_stop"] < central.started[stop["transaction_id"]]["meter_start"]
                for stop in central.of("StopTransaction")
            )
        )


async def test_wrong_clocks_are_wrong_each_in_its_own_way(central):
    async with fleet_at(central, scenario="wrong_clock", chargers=7, **QUICK):
        await until(
            lambda: len({who for who, action, _ in central.messages if "Status" in action}) == 7
        )
    stamps = {
        number: central.of("StatusNotification", f"SIM-{number:04}")[-1]["timestamp"]
        for number in range(1, 8)
    }
    now = datetime.now(UTC)
    claimed = datetime.fromisoformat(stamps[1])
    assert claimed.utcoffset().total_seconds() == 0
    assert 6.9 < (claimed - now).total_seconds() / 3600 < 7.1
    assert datetime.fromisoformat(stamps[2]).tzinfo is None
    assert stamps[3].endswith("+07")
    assert stamps[4].startswith("1970-01-01T00:0")
    assert 2.9 < (now - datetime.fromisoformat(stamps[5])).total_seconds() / 86_400 < 3.1
    assert stamps[6].endswith("+07:00")
    assert 1.9 < (datetime.fromisoformat(stamps[7]) - now).total_seconds() / 3600 < 2.1


async def test_wrong_units_are_wrong_each_in_its_own_way(central):
    async with fleet_at(central, scenario="wrong_units", chargers=6, **QUICK):
        await until(
            lambda: (
                len({who for who, action, _ in central.messages if action == "MeterValues"}) == 6
            )
        )
    values = {
        number: central.of("MeterValues", f"SIM-{number:04}")[0]["meter_value"][0]["sampled_value"]
        for number in range(1, 7)
    }
    energy, power = values[1][0], values[1][1]
    assert (energy["unit"], power["unit"]) == ("kWh", "kW")
    assert isinstance(values[2][0]["value"], float)
    assert "Current.import" in {value["measurand"] for value in values[3]}
    assert not any("unit" in value for value in values[4])
    assert "measurand" not in values[4][0]
    assert values[5][1]["unit"] == "Wh"
    assert values[6][0]["unit"] == "Wh"
    assert float(values[6][0]["value"]) < 1_000_000  # it is the kWh figure


async def test_slow_answers_are_slow_and_do_not_stop_the_chargers_own_messages(central):
    async with fleet_at(central, scenario="slow_answers", **QUICK):
        await until(lambda: central.of("BootNotification"))
        began = time.monotonic()
        asking = asyncio.create_task(central.chargers[ID].call(call.ClearCache(), suppress=False))
        before = len(central.messages)
        await until(lambda: len(central.messages) > before + 3, within=2)
        assert not asking.done()
        asking.cancel()
        assert time.monotonic() - began < 2


def test_slow_answers_take_between_two_and_forty_five_seconds():
    behaviour = SCENARIOS["slow_answers"](1, Random(1))
    assert {behaviour.answer_delay("Reset") for _ in range(200)} == {2.0, 5.0, 12.0, 25.0, 45.0}


async def test_dropped_sockets_lose_no_session(central, monkeypatch):
    monkeypatch.setattr(dropped_sockets, "BETWEEN_S", (0.2, 1.0))
    async with fleet_at(
        central, scenario="dropped_sockets", chargers=4, speed=600, gap_s=20
    ) as fleet:
        await until(lambda: fleet.stats.reconnects >= 6, within=25)
    stopped = {each["transaction_id"] for each in central.of("StopTransaction")}
    assert set(central.starts.values()) <= stopped | unfinished(fleet)
    assert len(central.of("BootNotification")) == 4


async def test_a_reconnect_storm_drops_all_at_once_and_boots_them_again(central, monkeypatch):
    monkeypatch.setattr(reconnect_storm, "PERIOD_S", 1)
    async with fleet_at(central, scenario="reconnect_storm", chargers=20, **QUICK) as fleet:
        await until(lambda: len(central.of("BootNotification")) >= 60, within=15)
    assert {central.connections[charger.id] for charger in fleet.chargers} <= {3, 4}


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_scenario_of_the_contract_is_described(name):
    assert f"  {name} " in describe()


def test_the_contracts_scenarios_are_all_there():
    assert set(SCENARIOS) == {
        "lost_stops", "faults", "garbage",
        "normal", "offline_queue", "duplicates", "reordering", "power_failure", "register_reset",
        "wrong_clock", "wrong_units", "slow_answers", "dropped_sockets", "reconnect_storm", "idle",
    }  # fmt: skip


async def test_lost_stops_leave_sessions_that_nobody_ended(central):
    async with fleet_at(central, scenario="lost_stops", **QUICK):
        await until(lambda: len(central.starts) >= 3)
    assert central.of("StopTransaction") == []
    assert "Available" in central.statuses(ID, 1)


async def test_faults_show_an_error_code_end_the_session_and_go_away(central):
    async with fleet_at(central, scenario="faults", chargers=3, **QUICK):
        await until(
            lambda: any(each.get("reason") == "Other" for each in central.of("StopTransaction")), 20
        )
        await until(lambda: "Faulted" in central.statuses(ID, 1))
        await until(lambda: central.statuses(ID, 1)[-1] != "Faulted")
    faults = [each for each in central.of("StatusNotification") if each["status"] == "Faulted"]
    assert all(each["error_code"] != "NoError" for each in faults)


async def test_garbage_goes_out_between_messages_that_are_answered(central, monkeypatch):
    monkeypatch.setattr(garbage, "BETWEEN_S", (0.01, 0.02))
    monkeypatch.setattr(garbage, "FRAMES", (lambda _: '["rubbish"]',))
    async with fleet_at(central, scenario="garbage", **QUICK) as fleet:
        await until(lambda: fleet.stats.events["garbage_sent"] > 5)
        await until(lambda: central.of("StopTransaction"))
    assert [frame for _, frame in central.frames].count(["rubbish"]) > 5
