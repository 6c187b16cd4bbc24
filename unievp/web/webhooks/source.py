"""Where events for webhooks come from: each source reads one log of what happened.

A nudge names rows that are new, a sweep reads the log from its cursor on. Both come to the same
events, whose keys are unique, so it does not matter which of them was first, or both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Max, Model
from django.utils import translation

from cpo.services.cursors import advance, position_of
from cpo.services.webhooks.outbox import Listeners, News, emit_all, listeners, unheard

Id = Any
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Source:
    """`end(position)`: where the log ends now, looking from a position on. `read(position)`: the
    rows behind it that somebody hears of. `news(ids)`: the events of some rows.
    """

    name: str
    types: tuple[str, ...]
    end: Callable[[int], int]
    read: Callable[[int, Listeners], Sequence[Id]]
    news: Callable[[Sequence[Id], Listeners], list[News]]

    def key(self, row_id: Id) -> str:
        return f"{self.name}:{row_id}"


@dataclass(frozen=True, slots=True)
class Log:
    """A table that only grows, read by its primary key; `path` leads from a row to its company.

    `only` are the values that a row must have to be read.
    """

    model: type[Model]
    path: str
    only: Mapping[str, Any] = field(default_factory=dict)

    def end(self, _position: int = 0) -> int:
        newest: int | None = self.model._default_manager.aggregate(end=Max("pk"))["end"]
        return newest or 0

    def read(self, position: int, told: Listeners) -> Sequence[int]:
        rows = self.model._default_manager.filter(pk__gt=position, **self.only)
        return list(told.of(rows, self.path).order_by("pk").values_list("pk", flat=True))


def tell(source: Source, ids: Sequence[Id], *, swept: bool = False) -> int:
    """Queue the events of these rows for whoever hears of them; how many deliveries are new."""
    told = listeners(source.types)
    return _emit(source, ids, told, swept=swept) if told and ids else 0


def sweep(source: Source) -> int:
    """Find what a lost nudge left; how many deliveries are new."""
    position = position_of(source.name, begin=lambda: source.end(0))
    # Before the rows are read: what commits in between is read the next time.
    end = source.end(position)
    told = listeners(source.types)
    if not told:
        advance(source.name, end=end, idle=True)
        return 0
    ids = source.read(position, told)
    keys = unheard(source.key(row_id) for row_id in ids)
    made = _emit(source, [each for each in ids if source.key(each) in keys], told, swept=True)
    advance(source.name, end=end)
    return made


def _emit(source: Source, ids: Sequence[Id], told: Listeners, *, swept: bool) -> int:
    made = 0
    # Programs read it: one language, whoever caused it.
    with translation.override("en"):
        for start in range(0, len(ids), _AT_ONCE):
            made += emit_all(source.news(ids[start : start + _AT_ONCE], told), swept=swept)
    return made
