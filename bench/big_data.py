"""Measure lists, details, figures and pages with much data: `python -m bench.big_data`.

Seeds a PostgreSQL of its own with 10,000 chargers and 1,000,000 billed sessions, asks each address
some times within one process and prints JSON: median and p95 of the server's time in ms, its own
processor time (what neighbours on the machine hardly change), the queries, and what missed its
target. `--keep FOLDER` keeps what was seeded there, and the next run with it measures at once.
PostgreSQL runs with fsync off: seeding is not what is measured.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from bench.addresses import Call
from bench.services import bring_up, temporary_folder

# Milliseconds and queries. The dashboard's is a median, the others are p95s.
TARGETS: Final = {"dashboard_ms": 150, "api_ms": 50, "page_ms": 200, "page_queries": 15}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.big_data", description=__doc__)
    parser.add_argument("--chargers", type=int, default=10_000)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20, help="requests per address")
    parser.add_argument("--only", default="", help="addresses with this in their name")
    parser.add_argument("--keep", type=Path, help="folder of the data, made or used again")
    parser.add_argument("--data-dir", default=None, help="where data that is not kept is put")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.keep or temporary_folder(stack, options.data_dir)
        bring_up(folder, stack, threads=4, durable=False, keep=options.keep is not None)
        # A refused page's traceback says less than its body, which is in the report.
        logging.disable(logging.CRITICAL)
        made = _seeded(options, folder / "seeded.json")
        measured = _measure(options)
    configuration = {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        **vars(options),
    }
    report = {"configuration": configuration, "targets": TARGETS, **made, **measured}
    print(json.dumps(report, indent=2, default=str))


def _seeded(options: argparse.Namespace, record: Path) -> dict[str, Any]:
    """What seeding took; of data that was kept, what it took then."""
    from bench.seed import seed
    from chargers.services.session_hours.recounting import recount_stale_hours

    asked = {"chargers": options.chargers, "sessions": options.sessions}
    if record.exists():
        made: dict[str, Any] = json.loads(record.read_text())
        if made["seeded"] != asked:
            raise SystemExit(f"{record.parent} holds {made['seeded']}: name another --keep folder")
        recount_stale_hours()
        return made
    begin = time.perf_counter()
    seed(**asked)
    seeded = time.perf_counter()
    hours = recount_stale_hours()
    counted = time.perf_counter()
    made = {
        "seeded": asked,
        "seed_s": round(seeded - begin, 1),
        "recount": {"hours": hours, "seconds": round(counted - seeded, 1)},
    }
    record.write_text(json.dumps(made))
    return made


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from bench.addresses import calls
    from chargers.services.session_hours.recounting import prove_hours
    from unievp.web.analytics.uptimes import keep_uptimes

    begin = time.perf_counter()
    unequal = len(prove_hours())
    proof = {"unequal": unequal, "seconds": round(time.perf_counter() - begin, 1)}
    # As the beat does: nobody's first look at the dashboard waits for it.
    begin = time.perf_counter()
    keep_uptimes()
    uptimes = round(time.perf_counter() - begin, 1)
    wanted = {name: call for name, call in calls().items() if options.only in name}
    found = {name: _figures(call, options.rounds) for name, call in wanted.items()}
    return {
        "proof": proof,
        "uptimes_s": uptimes,
        "addresses": found,
        "missed": [name for name, figures in found.items() if _missed(name, figures)],
    }


def _figures(call: Call, rounds: int) -> dict[str, Any]:
    client, path, headers = call
    begin = time.perf_counter()
    response = client.get(path, headers=headers)
    first = (time.perf_counter() - begin) * 1000
    with _listening() as queries:
        client.get(path, headers=headers)
    if response.status_code != 200:
        return {"status": response.status_code, "body": response.content[:300].decode()}
    times, cpu = [], []
    for _round in range(rounds):
        begin, used = time.perf_counter(), time.process_time()
        client.get(path, headers=headers)
        times.append((time.perf_counter() - begin) * 1000)
        cpu.append((time.process_time() - used) * 1000)
        if sum(times) > 10_000:
            break
    slowest, statement = max(queries, default=(0.0, ""))
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    return {
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(p95, 1),
        "cpu_ms": round(statistics.median(cpu), 1),
        "first_ms": round(first, 1),
        "queries": len(queries),
        "slowest_query_ms": round(slowest * 1000),
        "slowest_query": statement[:1000] if p95 > TARGETS["api_ms"] else "",
    }


@contextmanager
def _listening() -> Iterator[list[tuple[float, str]]]:
    """Seconds and text of each query, on whichever thread's connection it runs."""
    from django.db.backends.utils import CursorWrapper

    heard: list[tuple[float, str]] = []
    execute = CursorWrapper.execute

    def timed(cursor: Any, sql: Any, *args: Any) -> Any:
        begin = time.perf_counter()
        try:
            return execute(cursor, sql, *args)
        finally:
            heard.append((time.perf_counter() - begin, str(sql)))

    with patch.object(CursorWrapper, "execute", timed):
        yield heard


def _missed(name: str, figures: dict[str, Any]) -> bool:
    if "median_ms" not in figures:
        return True
    if "dashboard" in name:
        return bool(figures["median_ms"] > TARGETS["dashboard_ms"])
    if name.startswith("api"):
        return bool(figures["p95_ms"] > TARGETS["api_ms"])
    slow = figures["p95_ms"] > TARGETS["page_ms"]
    return bool(slow or figures["queries"] > TARGETS["page_queries"])


if __name__ == "__main__":
    main()
