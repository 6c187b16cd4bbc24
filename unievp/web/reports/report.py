"""What a report is: a name, its columns, and the rows that an actor may see of what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from cpo.access import Actor, Right
from unievp.lib.tables import Cell
from unievp.web.reports.wanted import Wanted

Rows = Callable[[Actor, Wanted], Iterator[tuple[Cell, ...]]]


@dataclass(frozen=True, slots=True)
class Report:
    """`about` is for people, `title` too. `filters`: which of location_id, charger_id, status and
    by it knows. `usual_days`: how much time is told where `from` is missing; 0: all of it.
    """

    name: str
    title: str | Promise
    about: str | Promise
    columns: tuple[str, ...]
    rows: Rows
    right: Right = Right.VIEW
    filters: frozenset[str] = frozenset()
    statuses: Sequence[tuple[str, str | Promise]] = ()
    usual_days: int = 0
