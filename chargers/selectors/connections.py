"""How steady a charger's connection is, from the log of its connections."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from chargers.models import ConnectionLog, EndedBy
from unievp.lib import clock

WINDOW: Final = timedelta(hours=24)
# One connection an hour is what a proxy or a mobile network with a timeout makes of it.
FLAPPING_FROM: Final = 12
_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Connections of the last 24 h. `idle_s`: how long the charger was silent before a loss."""

    connections: int
    lost: int  # by the network, without a goodbye
    by_charger: int
    idle_s: int | None
    last: ConnectionLog | None  # the one that ended last

    @property
    def is_flapping(self) -> bool:
        return self.connections >= FLAPPING_FROM


def steadiness(charger_pk: int, now: datetime | None = None) -> Steadiness:
    rows = list(
        ConnectionLog.objects.filter(
            charger_id=charger_pk, connected_at__gte=(now or clock.now()) - WINDOW
        ).order_by("-connected_at")[:_MOST]
    )
    ended = [row for row in rows if row.ended_at is not None]
    by = Counter(row.ended_by for row in ended)
    idle = [row.idle_s for row in ended if row.ended_by == EndedBy.NETWORK and row.idle_s]
    return Steadiness(
        connections=len(rows),
        lost=by[EndedBy.NETWORK.value],
        by_charger=by[EndedBy.CHARGER.value],
        idle_s=round(median(idle)) if idle else None,
        last=ended[0] if ended else None,
    )
