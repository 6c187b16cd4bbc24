"""What the connections of one process share: the group commits and the switchboard.

Belongs to an event loop, and is made by its first user: not every server speaks `lifespan`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Final
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import transaction

from chargers import live
from chargers.events import ChargerPresenceChanged
from chargers.ocpp import schemas
from chargers.ocpp.doorkeeper import Admitted, Knock, Refused, admit, dismiss
from chargers.ocpp.switchboard import Switchboard
from chargers.store import inbound
from chargers.store.connections import Departure, record_restart
from chargers.store.work import Inbound
from unievp.lib.db import in_db
from unievp.lib.events import Gatherer, publish
from unievp.lib.group_commit import GroupCommit

logger = logging.getLogger(__name__)

# Waiting a little for company costs latency that no charger notices and saves most of the work.
LINGER_S: Final = 0.01
MAX_BATCH: Final = 200


class Runtime:
    """`process` names this listener over restarts: host and port."""

    def __init__(self) -> None:
        schemas.load_all()
        self.process = f"{socket.gethostname()[:48]}:{settings.OCPP_PORT}"
        self.inbound: GroupCommit[Inbound, str] = GroupCommit(
            inbound.write, max_batch=MAX_BATCH, linger=LINGER_S
        )
        self.knocks: GroupCommit[Knock, Admitted | Refused] = GroupCommit(
            admit, max_batch=MAX_BATCH, linger=LINGER_S
        )
        self.departures: GroupCommit[Departure, None] = GroupCommit(
            dismiss, max_batch=MAX_BATCH, linger=LINGER_S
        )
        self.switchboard = Switchboard()
        self.gatherer = Gatherer()
        self.gathering = live.Gathering()

    async def start(self) -> None:
        """Chargers that a killed process left online are offline until they come back."""
        self.gatherer.start()
        self.gathering.start()
        await in_db(_forget_former_life, self.process)

    async def aclose(self) -> None:
        """Close the sockets, then write everything that still waits."""
        await self.switchboard.aclose()
        for group_commit in (self.knocks, self.inbound, self.departures):
            await group_commit.aclose()
        await self.gatherer.aclose()
        await self.gathering.aclose()


_runtimes: WeakKeyDictionary[asyncio.AbstractEventLoop, Runtime] = WeakKeyDictionary()


def runtime() -> Runtime:
    """The runtime of the running event loop."""
    loop = asyncio.get_running_loop()
    current = _runtimes.get(loop)
    if current is None:
        current = _runtimes[loop] = Runtime()
    return current


async def close_runtime() -> None:
    current = _runtimes.pop(asyncio.get_running_loop(), None)
    if current is not None:
        await current.aclose()


def _forget_former_life(process: str) -> None:
    with transaction.atomic():
        for charger_pk in record_restart(process):
            publish(ChargerPresenceChanged(charger_pk, online=False))
