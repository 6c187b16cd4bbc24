"""How far the sweep has read a source: everything behind is known, nothing ahead is skipped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from cpo.models import WebhookCursor
from unievp.lib import clock

# A row that commits later than this after it got its place is not looked for any more.
_SETTLED: Final = timedelta(minutes=10)


def position_of(source: str, *, begin: Callable[[], int]) -> int:
    """Where to read from. A source that was never read starts at `begin()`."""
    known = WebhookCursor.objects.filter(source=source).first()
    if known is not None:
        return known.position
    start = begin()
    values = {"position": start, "reached": start, "reached_at": clock.now()}
    cursor, _made = WebhookCursor.objects.get_or_create(source=source, defaults=values)
    return cursor.position


def advance(source: str, *, end: int, idle: bool = False) -> None:
    """`end` was the log's when reading began. `idle`: nobody listens, so nothing is missed."""
    now = clock.now()
    rows = WebhookCursor.objects.filter(source=source)
    if idle:
        rows.update(position=end, reached=end, reached_at=now)
        return
    cursor = rows.filter(reached_at__lte=now - _SETTLED).first()
    if cursor is not None:
        rows.update(position=cursor.reached, reached=end, reached_at=now)
