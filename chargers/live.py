"""What open pages are told: which chargers of a CPO changed, with a version per CPO.

The message carries ids only; a page fetches what it may see. Versions count up by one per message
in Valkey, so a page that misses one (at most once is all the channel layer gives) sees the gap and
fetches everything. `version` 7 says: whoever has seen 6 is complete with this message.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.exceptions import RedisError

from chargers import events
from chargers.models import Charger, ChargingSession
from unievp.lib.live import broadcast, group_name

logger = logging.getLogger(__name__)
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


def chargers_changed(changed: Mapping[UUID, Collection[int]]) -> None:
    """Tell the pages of each CPO that these chargers (ids) look different now; never raises.

    Call it after the commit, with all changes of a batch at once: one message per CPO.
    """
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


def _messages(changed: Mapping[UUID, Collection[int]]) -> list[tuple[str, dict[str, Any]]]:
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
