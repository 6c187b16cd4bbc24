"""Stops the embedded services when their last user is gone, also when it was killed.

A user that ends properly stops them itself (`Services.release`); this process only waits for the
lock that the kernel takes from the dead. Run as `python -m unievp.devtools.keeper DATA_DIR`.
"""

import fcntl
import signal
import sys
from pathlib import Path

from unievp.devtools.services import Services


def keep(data_dir: Path) -> None:
    """Wait until nobody uses the services of `data_dir` any more, then stop what still runs."""
    with (data_dir / "users.lock").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        Services(data_dir).stop()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep(Path(sys.argv[1]))
