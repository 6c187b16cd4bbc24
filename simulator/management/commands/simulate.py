"""`manage.py simulate`: a fleet of virtual chargers against any OCPP 1.6J central system."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from simulator import table
from simulator.fleet import CHATTY_UP_TO, DEMO_TAGS, Fleet, FleetOptions
from simulator.scenarios import SCENARIOS, describe

STOP_GRACE_S = 1.5  # a signal must have ended everything within 3 s
END_GRACE_S = 10.0


class Command(BaseCommand):
    help = "Run virtual chargers that speak OCPP 1.6J over real sockets."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name,
            subcommand,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog=f"scenarios:\n{describe()}",
            **kwargs,
        )

    def add_arguments(self, parser: CommandParser) -> None:
        default = FleetOptions()
        add = parser.add_argument
        add("--chargers", type=_positive, default=default.chargers, metavar="N")
        add("--url", default=default.url, help="endpoint; the charger's id is appended")
        add("--scenario", choices=list(SCENARIOS), default=default.scenario, metavar="NAME")
        add(
            "--speed", type=_speed, default=1.0, metavar="X", help="cars and drivers X times faster"
        )
        add("--duration", type=float, default=0, metavar="S", help="real seconds; 0: until stopped")
        add("--seed", type=int, default=default.seed, metavar="K")
        add("--json", action="store_true", help="print a summary as JSON at the end, no table")
        add("--prefix", default=default.prefix)
        add("--first", type=_positive, default=default.first, metavar="N", help="first number")
        add("--connectors", type=_positive, default=default.connectors, metavar="N")
        add("--id-tags", type=_tags, default=DEMO_TAGS, metavar="TAG,…")
        add("--password", help="Basic password of all chargers")
        add("--passwords-file", type=_passwords, default={}, help="lines of charger_id:password")
        add(
            "--meter-interval",
            type=_positive,
            default=default.meter_interval_s,
            metavar="S",
            help="simulated seconds",
        )
        add("--heartbeat", type=float, metavar="S", help="instead of what the boot answer says")
        add("--gap", type=_positive, default=default.gap_s, metavar="S", help="mean between cars")
        add("--stay", type=_span, metavar="S-S", help="simulated seconds a driver stays")
        add(
            "--clock",
            choices=("real", "simulated"),
            default="real",
            help="simulated: the chargers' clocks run X times faster, too, ahead of the world",
        )
        add("--ramp", type=float, metavar="S", help="spread the first connections so long")
        add("--answer-within", type=float, default=30, metavar="S", help="then a call is repeated")
        add("--journal", type=Path, help="append a JSON line per acknowledged message")
        add("--web", metavar="URL", help="where drivers without a card pay, by its own forms")
        add("--guests", type=_share, default=default.guests, metavar="0-1", help="share of them")
        add("--state", type=Path, help="keep registers and open transactions over restarts")

    def handle(self, *args: Any, **given: Any) -> None:
        options = _options(given)
        _set_up_log(options.chargers, live=self._live(given))
        try:
            fleet = Fleet(options)
        except OSError as failure:
            raise CommandError(str(failure)) from failure
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(fleet, given["duration"], live=self._live(given)))
        if given["json"]:
            summary = orjson.dumps(fleet.stats.summary(), option=orjson.OPT_INDENT_2)
            self.stdout.write(summary.decode())
        if not fleet.stats.chargers_seen:
            self.stderr.write(f"No charger could connect to {options.url}.")
            sys.exit(1)

    def _live(self, given: dict[str, Any]) -> bool:
        return sys.stdout.isatty() and not given["json"]


async def _run(fleet: Fleet, duration: float, *, live: bool) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = asyncio.create_task(_until(fleet, stop, duration))
    picture = asyncio.create_task(table.show(fleet, Console())) if live else None
    try:
        await running
    finally:
        if picture is not None:
            picture.cancel()
            await asyncio.wait([picture])


async def _until(fleet: Fleet, stop: asyncio.Event, duration: float) -> None:
    """The time is up, or a signal came, which also cuts the longer grace of the first short."""
    over = asyncio.Event()

    async def watch() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(duration or None):
                await stop.wait()
        over.set()

    watching = asyncio.create_task(watch())
    running = asyncio.create_task(
        fleet.run(over, grace_s=END_GRACE_S if duration else STOP_GRACE_S)
    )
    await watching
    await running


def _options(given: dict[str, Any]) -> FleetOptions:
    return FleetOptions(
        chargers=given["chargers"],
        url=given["url"],
        scenario=given["scenario"],
        speed=given["speed"],
        seed=given["seed"],
        prefix=given["prefix"],
        first=given["first"],
        connectors=given["connectors"],
        id_tags=given["id_tags"],
        password=given["password"],
        passwords=given["passwords_file"],
        meter_interval_s=given["meter_interval"],
        heartbeat_s=given["heartbeat"],
        gap_s=given["gap"],
        stay_s=given["stay"],
        clock_follows_speed=given["clock"] == "simulated",
        ramp_s=given["ramp"],
        answer_within_s=given["answer_within"],
        journal=given["journal"],
        state=given["state"],
        web=given["web"],
        guests=given["guests"],
    )


def _set_up_log(chargers: int, *, live: bool) -> None:
    """Plain lines on stderr; none of single chargers where there are many, or under a table."""
    logger = logging.getLogger("simulator")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger.handlers = [handler]
    logger.propagate = False
    quiet = logging.CRITICAL if live else logging.WARNING
    logger.setLevel(quiet if live or chargers > CHATTY_UP_TO else logging.INFO)
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    # A line per page that a driver looks at would hide the rest.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on every platform; asyncio's own loop does the same, slower
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        message = f"{text} is not a positive number"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0 < speed < float("inf"):
        message = f"{text} is not a speed above 0"
        raise argparse.ArgumentTypeError(message)
    return speed


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        message = f"{text} is no share from 0 to 1"
        raise argparse.ArgumentTypeError(message)
    return share


def _span(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    if not (low.isdecimal() and high.isdecimal() and 0 < int(low) <= int(high)):
        message = f"{text} is no span of seconds like 60-300"
        raise argparse.ArgumentTypeError(message)
    return int(low), int(high)


def _tags(text: str) -> tuple[str, ...]:
    tags = tuple(tag for part in text.split(",") if part for tag in _tag_range(part))
    if not tags:
        message = "name at least one id tag"
        raise argparse.ArgumentTypeError(message)
    return tags


def _tag_range(part: str) -> list[str]:
    """`LOAD0001..LOAD2000` is two thousand tags."""
    first, dots, last = part.partition("..")
    if not dots:
        return [part]
    stem = first.rstrip("0123456789")
    low, high = first[len(stem) :], last.removeprefix(stem)
    if not (low.isdecimal() and high.isdecimal()):
        message = f"{part} is no range of tags like LOAD0001..LOAD2000"
        raise argparse.ArgumentTypeError(message)
    return [f"{stem}{number:0{len(low)}}" for number in range(int(low), int(high) + 1)]


def _passwords(name: str) -> dict[str, str]:
    try:
        lines = Path(name).read_text().splitlines()
    except OSError as failure:
        raise argparse.ArgumentTypeError(str(failure)) from failure
    pairs = [line.partition(":") for line in lines if line.strip() and not line.startswith("#")]
    return {charger.strip(): password for charger, _, password in pairs}
