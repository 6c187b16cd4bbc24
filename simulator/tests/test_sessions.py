"""Whole sessions against a foreign central system over real sockets."""

from __future__ import annotations

import asyncio
from datetime import datetime
from random import Random

import orjson
import pytest

from simulator.fleet import Fleet, FleetOptions
from simulator.tests.central import Central, fleet_at, running, until
from simulator.visits import Visit

ID = "SIM-0001"


def first_session(central):
    """(start, values, stop) of the first stopped transaction, as the central system heard them."""
    (stop, *_) = central.of("StopTransaction")
    (start, *_) = central.of("StartTransaction")
    values = [
        each
        for each in central.of("MeterValues")
        if each["transaction_id"] == stop["transaction_id"]
    ]
    return start, values, stop


def energies(values):
    return [
        int(sampled["value"])
        for message in values
        for value in message["meter_value"]
        for sampled in value["sampled_value"]
        if sampled["measurand"] == "Energy.Active.Import.Register"
    ]


async def test_a_car_charges_from_plug_to_unplug(central):
    async with fleet_at(central, speed=3000, gap_s=30):
        await until(lambda: len(central.of("StopTransaction")) >= 1)
        await until(lambda: central.statuses(ID, 1).count("Available") >= 2)
    start, values, stop = first_session(central)
    assert central.of("BootNotification")[0]["charge_point_serial_number"] == ID
    assert central.statuses(ID, 1)[:3] == ["Available", "Preparing", "Charging"]
    assert central.statuses(ID, 0) == ["Available"]
    assert central.of("Authorize")[0] == {"id_tag": start["id_tag"]}
    curve = [start["meter_start"], *energies(values), stop["meter_stop"]]
    assert curve == sorted(curve)
    assert stop["meter_stop"] > start["meter_start"]
    assert len(values[0]["meter_value"][0]["sampled_value"]) == 8


async def test_started_and_stopped_sessions_are_counted_and_every_call_is_answered(central):
    async with fleet_at(central, chargers=4, connectors=2, speed=3000, gap_s=30) as fleet:
        await until(lambda: len(central.of("StopTransaction")) >= 6)
    summary = fleet.stats.summary()
    assert summary["sessions"]["started"] == summary["sessions"]["stopped"]
    assert summary["messages"]["sent"] == summary["messages"]["answered"]
    assert summary["chargers_connected"] == 4
    assert summary["energy_wh"] == sum(
        stop["meter_stop"] - central.started[stop["transaction_id"]]["meter_start"]
        for stop in central.of("StopTransaction")
    )


async def test_one_card_charges_one_car_at_a_time(central):
    async with fleet_at(central, chargers=3, connectors=2, speed=3000, gap_s=5, id_tags=("A", "B")):
        await until(lambda: len(central.of("StopTransaction")) >= 6)
    charging = set()
    for _, action, payload in central.messages:
        if action == "StartTransaction":
            assert payload["id_tag"] not in charging
            charging.add(payload["id_tag"])
        elif action == "StopTransaction":
            charging.remove(central.started[payload["transaction_id"]]["id_tag"])
    assert charging == set()


async def test_a_refused_card_starts_nothing_and_the_car_leaves(central):
    central.refused_tags = {"A"}
    async with fleet_at(central, speed=2000, gap_s=30, id_tags=("A",)) as fleet:
        await until(lambda: central.statuses(ID, 1)[:3] == ["Available", "Preparing", "Available"])
    assert central.of("StartTransaction") == []
    assert fleet.stats.events["drivers_turned_away"] >= 1


async def test_a_refused_start_is_stopped_as_deauthorized(central):
    central.refuse_starts = True
    async with fleet_at(central, speed=1000, gap_s=30):
        await until(lambda: central.of("StopTransaction"))
    assert central.of("StopTransaction")[0]["reason"] == "DeAuthorized"


async def test_pending_and_rejected_chargers_boot_again_and_say_nothing_else(central):
    central.boot_answers = [("Pending", 1), ("Rejected", 1)]
    async with fleet_at(central, speed=1000, gap_s=5):
        await until(lambda: central.of("StatusNotification"))
    actions = [action for _, action, _ in central.messages]
    assert actions[:4] == ["BootNotification"] * 3 + ["StatusNotification"]


async def test_heartbeats_follow_the_interval_of_the_boot_answer(central):
    central.heartbeat_interval = 1
    async with fleet_at(central, scenario="idle"):
        await until(lambda: len(central.of("Heartbeat")) >= 2)
    assert {action for _, action, _ in central.messages} == {
        "BootNotification",
        "StatusNotification",
        "Heartbeat",
    }


async def test_a_wrong_password_is_refused_and_the_right_one_let_in(central):
    central.passwords = {ID: "correct", "SIM-0002": "other"}
    given = {ID: "correct", "SIM-0002": "wrong"}
    async with fleet_at(central, chargers=2, scenario="idle", passwords=given) as fleet:
        await until(lambda: fleet.stats.refused["401"] and central.of("BootNotification"))
    assert fleet.stats.chargers_seen == {ID}


async def test_an_unknown_charger_keeps_trying(central):
    central.known = set()
    async with fleet_at(central, scenario="idle") as fleet:
        await until(lambda: fleet.stats.refused["404"] >= 2)
        central.known = {ID}
        await until(lambda: fleet.stats.connected == 1)


async def test_a_start_that_is_never_answered_is_sent_again_with_the_same_content(central):
    central.swallow = {"StartTransaction"}
    async with fleet_at(central, speed=500, gap_s=30, answer_within_s=0.2) as fleet:
        fleet.chargers[0].configuration.values["TransactionMessageRetryInterval"] = "0"
        await until(lambda: fleet.stats.timeouts["StartTransaction"])
        central.swallow = set()
        await until(lambda: central.of("StartTransaction"))
    starts = [frame for _, frame in central.frames if frame[2:3] == ["StartTransaction"]]
    assert starts[0][3] == starts[1][3]
    assert starts[0][1] != starts[1][1]


async def test_a_restarted_central_system_hears_the_end_of_every_session():
    """Nothing that was owed is lost, although the server goes away for a while in mid-session."""
    before, after = Central(), Central()
    async with running(before):
        port = before.port
        fleet_context = fleet_at(before, chargers=3, speed=600, gap_s=20)
        fleet = await fleet_context.__aenter__()
        await until(lambda: len(before.of("MeterValues")) >= 6)
    await asyncio.sleep(0.2)
    after.starts = before.starts
    async with running(after, port):
        await until(lambda: len(after.of("StopTransaction")) >= 3, within=20)
        await fleet_context.__aexit__(None, None, None)
    stopped = {
        each["transaction_id"]
        for each in (*before.of("StopTransaction"), *after.of("StopTransaction"))
    }
    assert stopped == set(before.starts.values())
    assert fleet.stats.reconnects >= 3
    assert after.of("BootNotification") == []


async def test_the_journal_holds_what_was_acknowledged(central, tmp_path):
    journal = tmp_path / "journal.jsonl"
    async with fleet_at(central, chargers=2, speed=3000, gap_s=30, journal=journal) as fleet:
        await until(lambda: len(central.of("StopTransaction")) >= 2)
    lines = [orjson.loads(line) for line in journal.read_bytes().splitlines()]
    assert len(lines) == fleet.stats.answered.total() == len(central.messages)
    ids = [line["message_id"] for line in lines]
    assert len(set(ids)) == len(ids)
    stops = {
        (line["transaction_id"], line["meter_wh"])
        for line in lines
        if line["action"] == "StopTransaction"
    }
    assert stops == {
        (each["transaction_id"], each["meter_stop"]) for each in central.of("StopTransaction")
    }
    starts = [line for line in lines if line["action"] == "StartTransaction"]
    assert {line["transaction_id"] for line in starts} == set(central.starts.values())
    assert all(line["timestamp"] and line["hash"] for line in starts)


async def test_registers_and_open_transactions_survive_the_process(central, tmp_path):
    kept = tmp_path / "state.json"
    options = {"speed": 600, "gap_s": 20, "state": kept}
    async with fleet_at(central, **options, grace_s=0.0) as fleet:
        await until(lambda: fleet.chargers[0].connectors[0].transaction is not None)
        await until(lambda: len(central.of("MeterValues")) >= 3)
        central.swallow = {"StopTransaction"}  # the process ends before it is told
    register = fleet.chargers[0].connectors[0].register.ws
    assert central.of("StopTransaction") == []
    central.swallow = set()
    async with fleet_at(central, scenario="idle", state=kept) as again:
        await until(lambda: central.of("StopTransaction"))
    (stop,) = central.of("StopTransaction")
    assert stop["reason"] == "PowerLoss"
    assert stop["transaction_id"] == 1
    assert again.chargers[0].connectors[0].register.ws == register


@pytest.mark.parametrize("content", [b"", b"{", b"[]"])
def test_an_unreadable_state_is_forgotten(tmp_path, content):
    kept = tmp_path / "state.json"
    kept.write_bytes(content)
    assert Fleet(FleetOptions(state=kept)).chargers


async def test_clocks_that_follow_the_speed_make_energy_fit_the_time(central):
    async with fleet_at(central, speed=3000, gap_s=30, clock_follows_speed=True):
        await until(lambda: central.of("StopTransaction"))
    start, values, stop = first_session(central)
    began, ended = (datetime.fromisoformat(each["timestamp"]) for each in (start, stop))
    seconds = (ended - began).total_seconds()
    assert seconds > 1000
    assert 0 < (stop["meter_stop"] - start["meter_start"]) * 3600 <= 22_000 * seconds
    stamps = [each["meter_value"][0]["timestamp"] for each in values]
    assert stamps == sorted(stamps)


@pytest.mark.slow
async def test_at_true_speed_energy_is_what_power_and_time_give(central):
    async with fleet_at(central, stay_s=(1, 2), gap_s=1) as fleet:
        fleet.chargers[0].configuration.values["MeterValueSampleInterval"] = "1"
        await until(lambda: central.of("StopTransaction"), within=40)
    start, _, stop = first_session(central)
    began, ended = (datetime.fromisoformat(each["timestamp"]) for each in (start, stop))
    energy_ws = (stop["meter_stop"] - start["meter_start"]) * 3600
    assert energy_ws <= 22_000 * (ended - began).total_seconds() + 3600


def test_without_a_stay_many_visits_are_short_and_some_long():
    stays = [Visit.random(Random(seed), ["A"], dc=True).stay_s for seed in range(100)]
    assert 75 < sum(stay <= 150 for stay in stays) < 100
    assert max(stays) > 900
