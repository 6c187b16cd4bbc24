"""The ocpp process under test: exactly what production runs, on a port of its own.

`BENCH_PROFILE=FILE` writes a cProfile of its event loop's thread.
"""

from __future__ import annotations

import cProfile
import os
import sys

from unievp.serve_ocpp import main

if __name__ == "__main__":
    os.environ["OCPP_PORT"] = sys.argv[1]
    target = os.environ.get("BENCH_PROFILE")
    if target:
        profile = cProfile.Profile()
        profile.runcall(main)
        profile.dump_stats(target)
    else:
        main()
