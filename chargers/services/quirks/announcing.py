from __future__ import annotations

from typing import Final

from unievp.lib.live import broadcast, group_name

# Every process that holds sockets listens to this group.
EVERY_PROCESS: Final = group_name("chargers", "all")


def announce_quirks() -> None:
    """Live connections choose again once this transaction commits.

    Where the word is lost, a charger has its new quirks from its next connection on.
    """
    broadcast(EVERY_PROCESS, {"type": "quirks.changed"})
