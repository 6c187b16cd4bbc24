"""`manage.py simulate` as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from simulator.management.commands.simulate import _tags
from simulator.tests.central import until

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


async def simulate(*arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(MANAGE),
        "simulate",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.slow
async def test_it_runs_for_the_time_given_and_sums_up_as_json(central):
    process = await simulate(
        "--url", central.url, "--chargers", "2", "--speed", "2000", "--gap", "20",
        "--duration", "3", "--json", "--prefix", "TEST-", "--first", "7",
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, err
    summary = json.loads(out)
    assert summary["chargers_connected"] == 2
    assert summary["sessions"]["started"] == summary["sessions"]["stopped"] > 0
    assert summary["messages"]["sent"] == summary["messages"]["answered"]
    assert summary["by_action"]["BootNotification"]["answered"] == 2
    assert set(summary["latency_ms"]) == {"mean", "p50", "p95", "p99", "max"}
    assert set(central.chargers) == {"TEST-0007", "TEST-0008"}
    assert b"TEST-0007 registered" in err


async def test_a_signal_ends_it_within_three_seconds_and_its_sessions_with_it(central):
    process = await simulate("--url", central.url, "--speed", "500", "--gap", "10")
    await until(lambda: central.of("MeterValues"), within=15)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, _ = await asyncio.wait_for(process.communicate(), 10)
    assert time.monotonic() - began < 3
    assert process.returncode == 0
    assert out == b""
    assert {each["transaction_id"] for each in central.of("StopTransaction")} == set(
        central.started
    )


@pytest.mark.slow
async def test_nothing_to_connect_to_is_a_failure():
    process = await simulate("--url", "ws://127.0.0.1:1", "--duration", "1", "--json")
    out, err = await asyncio.wait_for(process.communicate(), 15)
    assert process.returncode == 1
    assert json.loads(out)["chargers_connected"] == 0
    assert b"No charger could connect to ws://127.0.0.1:1" in err


@pytest.mark.slow
async def test_passwords_come_from_a_file(central, tmp_path):
    central.passwords = {"SIM-0001": "one:with colon", "SIM-0002": "two"}
    secrets = tmp_path / "passwords"
    secrets.write_text("# of the demo\nSIM-0001:one:with colon\nSIM-0002:two\n")
    process = await simulate(
        "--url", central.url, "--chargers", "2", "--scenario", "idle",
        "--passwords-file", str(secrets), "--duration", "1", "--json",
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 15)
    assert json.loads(out)["chargers_connected"] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--scenario", "nonsense"],
        ["--speed", "0"],
        ["--speed", "inf"],
        ["--chargers", "0"],
        ["--id-tags", ","],
        ["--stay", "60"],
        ["--stay", "90-60"],
        ["--passwords-file", "/no/such/file"],
        ["--journal", "/no/such/folder/file"],
    ],
)
def test_senseless_options_are_refused(arguments):
    with pytest.raises(CommandError):
        call_command("simulate", *arguments)


def test_ranges_of_tags_are_spelled_out():
    assert _tags("A,LOAD08..LOAD11") == ("A", "LOAD08", "LOAD09", "LOAD10", "LOAD11")
