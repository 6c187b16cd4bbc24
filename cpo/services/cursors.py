"""How far a sweep has read a log: everything behind is known, nothing ahead is skipped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from cpo.models import LogCursor
from unievp.lib import clock

# A row that commits later than this after it got its place is not looked for any more.
SETTLED: Final = timedelta(minutes=10)


def position_of(name: str, *, begin: Callable[[], int]) -> int:
    """Where to read from. A log that was never read starts at `begin()`."""
    known = LogCursor.objects.filter(name=name).first()
    if known is not None:
        return known.position
    start = begin()
    values = {"position": start, "reached": start, "reached_at": clock.now()}
    cursor, _made = LogCursor.objects.get_or_create(name=name, defaults=values)
    return cursor.position


def advance(name: str, *, end: int, idle: bool = False, settled: timedelta = SETTLED) -> None:
    """`end` was the log's when reading began; its rows are read again until they are `settled`.

    `idle`: nobody listens, so nothing is missed.
    """
    now = clock.now()
    rows = LogCursor.objects.filter(name=name)
    if idle:
        rows.update(position=end, reached=end, reached_at=now)
        return
    cursor = rows.filter(reached_at__lte=now - settled).first()
    if cursor is not None:
        rows.update(position=cursor.reached, reached=end, reached_at=now)
