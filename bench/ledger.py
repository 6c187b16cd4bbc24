"""Measure postings a second: `python -m bench.ledger [--threads 8] [--shards 8] [--seconds 10]`.

A PostgreSQL of its own with fsync on; each posting is one database transaction of two entries: a
clearing account (one of `--shards`) and one of a thousand wallets. Ends with the proof: trial
balance, totals, chain.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from bench.services import bring_up, temporary_folder

WALLETS = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.ledger", description=__doc__)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--shards", type=int, default=8, help="of the clearing account")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--data-dir", default=None, help="where the database is put")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = temporary_folder(stack, options.data_dir)
        bring_up(folder, stack, threads=options.threads)
        print(json.dumps(_measure(options), indent=2))


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from payments.ledger.blocks import seal_block
    from payments.models import LedgerTransaction
    from payments.services.check_books import check_books

    _post(options, range(WALLETS))
    before, wall = LedgerTransaction.objects.count(), time.perf_counter()
    end = wall + options.seconds
    with ThreadPoolExecutor(options.threads) as pool:
        runs = [pool.submit(_until, options, end, number) for number in range(options.threads)]
        worst = max(run.result() for run in runs)
    took = time.perf_counter() - wall
    posted = LedgerTransaction.objects.count() - before
    sealing = time.perf_counter()
    while seal_block() is not None:
        pass
    sealing = time.perf_counter() - sealing
    return {
        "threads": options.threads,
        "shards": options.shards,
        "postings_per_second": round(posted / took),
        "slowest_posting_ms": round(worst * 1000, 1),
        "sealed_per_second": round((posted + before) / sealing),
        "differences": {name: found for name, found in check_books().items() if found},
    }


def _until(options: argparse.Namespace, end: float, thread: int) -> float:
    """Post until `end`; the slowest posting in seconds."""
    worst = 0.0
    number = thread
    while (begin := time.perf_counter()) < end:
        number += options.threads
        _post(options, [WALLETS + number])
        worst = max(worst, time.perf_counter() - begin)
    return worst


def _post(options: argparse.Namespace, numbers: Any) -> None:
    from payments.chart import AccountRef, Booking, Code, Owner
    from payments.ledger.legs import credit, debit
    from payments.services.ledger import post

    for number in numbers:
        clearing = AccountRef(Code.GATEWAY_CLEARING, Owner.GATEWAY, str(number % options.shards))
        wallet = AccountRef(Code.DRIVER_DEPOSIT, Owner.DRIVER, str(number % WALLETS))
        post(
            key=f"bench:{number}",
            kind=Booking.ADJUSTMENT,
            legs=[debit(clearing, 50_000), credit(wallet, 50_000)],
        )


if __name__ == "__main__":
    main()
