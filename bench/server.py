"""The ocpp process under test: exactly what production runs, on a port of its own.

`BENCH_PROFILE=FILE` writes two cProfiles: FILE of the event loop's thread, FILE.db of what runs in
the database thread.
"""

from __future__ import annotations

import cProfile
import os
import sys
from collections.abc import Callable
from typing import Any

from unievp.serve_ocpp import main


def profiled(path: str) -> None:
    from unievp.lib import group_commit

    loop, database = cProfile.Profile(), cProfile.Profile()
    write: Callable[..., Any] = group_commit._write_batch

    def write_profiled(*args: Any) -> Any:
        return database.runcall(write, *args)

    vars(group_commit)["_write_batch"] = write_profiled
    loop.runcall(main)
    loop.dump_stats(path)
    database.dump_stats(f"{path}.db")


if __name__ == "__main__":
    os.environ["OCPP_PORT"] = sys.argv[1]
    target = os.environ.get("BENCH_PROFILE")
    if target:
        profiled(target)
    else:
        main()
