"""What open pages are told: which chargers of a CPO changed, with a version per CPO.

The message carries ids only; a page fetches what it may see. Versions count up by one per message
in Valkey, so a page that misses one (at most once is all the channel layer gives) sees the gap and
fetches everything. `version` 7 says: whoever has seen 6 is complete with this message.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextvars import copy_context
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.exceptions import RedisError

from chargers import events
from chargers.models import Charger, ChargingSession
from unievp.lib.db import in_db
from unievp.lib.live import Throttle, broadcast, group_name

logger = logging.getLogger(__name__)
# By CPO: ids of chargers.
Changed = Mapping[UUID, Collection[int]]
_TIMEOUT_S = 2
_TELL_EVERY_S = 1.0
# By CPO: when this process last told of readings (monotonic seconds), and what it has not told yet.
_told_at: dict[UUID, float] = {}
_untold: defaultdict[UUID, set[int]] = defaultdict(set)


def cpo_group(cpo_id: UUID) -> str:
    return group_name("cpo", cpo_id)


def command_group(command_id: object) -> str:
    """Who waits for the end of one command listens here."""
    return group_name("command", command_id)


def chargers_changed(changed: Changed) -> None:
    """Tell the pages of each CPO that these chargers (ids) look different now; never raises.

    Call it after the commit, with all changes of a batch at once: one message per CPO.
    """
    if _gathering is None:
        _tell_pages(changed)
    else:
        _gathering.add(changed)


class Gathering:
    """Gathers what changes in a process with much traffic: a few messages a second for each CPO.

    Each message costs the web process as much as there are pages open. The first change goes out
    at once; those of the next `interval` seconds follow together. One per process, made in its
    event loop.
    """

    def __init__(self, *, interval: float = 0.25) -> None:
        self._loop = asyncio.get_running_loop()
        # A message is nobody's: it must not go out in the context of whoever changed something.
        self._context = copy_context()
        self._throttle: Throttle[None, Changed] = Throttle(
            self._deliver, interval=interval, merge=_together
        )

    def start(self) -> None:
        global _gathering  # noqa: PLW0603  (one per process, as the versions are)
        _gathering = self

    def add(self, changed: Changed) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._throttle.push, None, changed, context=self._context)

    async def aclose(self) -> None:
        """Tell what waits; from now on changes are told at once."""
        global _gathering  # noqa: PLW0603
        if _gathering is self:
            _gathering = None
        # What other threads handed over before this moment arrives first.
        await asyncio.sleep(0)
        await self._throttle.aclose()

    async def _deliver(self, _key: None, changed: Changed) -> None:
        await in_db(_tell_pages, changed)


_gathering: Gathering | None = None


def _together(first: Changed, second: Changed) -> Changed:
    return {
        cpo_id: {*first.get(cpo_id, ()), *second.get(cpo_id, ())} for cpo_id in {*first, *second}
    }


def _tell_pages(changed: Changed) -> None:
    for group, message in _messages(changed):
        broadcast(group, message)


def versions(cpo_ids: Iterable[UUID]) -> dict[str, int]:
    """The latest version of each CPO, by its id as text; 0 where nothing was ever told."""
    ids = [str(cpo_id) for cpo_id in cpo_ids]
    if not ids:
        return {}
    try:
        values = _client().mget([_key(cpo_id) for cpo_id in ids])
    except RedisError:
        logger.exception("The versions of the board are not to be had")
        return dict.fromkeys(ids, 0)
    return {cpo_id: int(value or 0) for cpo_id, value in zip(ids, values, strict=True)}


def on_sessions_changed(changed: Sequence[events.SessionStarted | events.SessionEnded]) -> None:
    sessions = ChargingSession.objects.filter(pk__in={event.session_id for event in changed})
    _tell(sessions.values_list("cpo_id", "charger_id"))


def on_commands_finished(finished: Sequence[events.CommandFinished]) -> None:
    for event in finished:
        broadcast(command_group(event.command_id), {"type": "command.finished"})


def on_chargers_changed(
    changed: Sequence[events.ConnectorStatusChanged | events.ChargerPresenceChanged],
) -> None:
    chargers = Charger.objects.filter(pk__in={event.charger_id for event in changed})
    _tell(chargers.values_list("cpo_id", "pk"))


def readings_moved(moved: Iterable[tuple[UUID, int]]) -> None:
    """Chargers (CPO, charger) whose session a reading moved; inside the reading's transaction.

    One message per CPO and second at most; what comes between is told with the next reading of
    that CPO, or with the session's end.
    """
    now = time.monotonic()
    for cpo_id, charger_id in moved:
        _untold[cpo_id].add(charger_id)
    due = [cpo for cpo in _untold if now - _told_at.get(cpo, -_TELL_EVERY_S) >= _TELL_EVERY_S]
    if due:
        _told_at.update(dict.fromkeys(due, now))
        changed = {cpo_id: _untold.pop(cpo_id) for cpo_id in due}
        transaction.on_commit(lambda: chargers_changed(changed), robust=True)


def _tell(rows: Iterable[tuple[UUID, int]]) -> None:
    changed: defaultdict[UUID, set[int]] = defaultdict(set)
    for cpo_id, charger_id in rows:
        changed[cpo_id].add(charger_id)
    chargers_changed(changed)


def _messages(changed: Changed) -> list[tuple[str, dict[str, Any]]]:
    ids = [cpo_id for cpo_id, chargers in changed.items() if chargers]
    if not ids:
        return []
    try:
        pipeline = _client().pipeline(transaction=False)
        for cpo_id in ids:
            pipeline.incr(_key(str(cpo_id)))
        numbers = pipeline.execute()
    except RedisError:
        # The next message that goes out has a version that no page expects: they all refetch.
        logger.exception("Pages were not told of a change")
        return []
    return [
        (
            cpo_group(cpo_id),
            {
                "type": "chargers.changed",
                "cpo": str(cpo_id),
                "version": int(number),
                "chargers": sorted(changed[cpo_id]),
            },
        )
        for cpo_id, number in zip(ids, numbers, strict=True)
    ]


@cache
def _client() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
    )


def _key(cpo_id: str) -> str:
    # Neighbours on one Valkey share database numbers: the channel layer's prefix keeps them apart.
    layers: Mapping[str, Any] = settings.CHANNEL_LAYERS
    prefix = layers["default"]["CONFIG"]["prefix"]
    return f"{prefix}:board-version:{cpo_id}"
