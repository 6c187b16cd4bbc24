"""Rows in the order of a time, page by page: no cursor is open, and nothing is read twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeVar

from django.db.models import Model, Q, QuerySet

_Row = TypeVar("_Row", bound=Model)

FIRST: Final = 50
PAGE: Final = 1000


def by_time(rows: QuerySet[_Row], field: str) -> Iterator[_Row]:
    """Oldest first, rows of one instant by their key. `field` is never empty."""
    rows = rows.order_by(field, "pk")
    after: tuple[Any, Any] | None = None
    # Who looks at the beginning alone does not wait for a whole page.
    size = min(FIRST, PAGE)
    while page := list(_beyond(rows, field, after)[:size]):
        yield from page
        after, size = (getattr(page[-1], field), page[-1].pk), PAGE


def _beyond(rows: QuerySet[_Row], field: str, after: tuple[Any, Any] | None) -> QuerySet[_Row]:
    if after is None:
        return rows
    at, pk = after
    # The first condition lets the index begin there.
    beyond = Q(**{f"{field}__gt": at}) | Q(**{field: at, "pk__gt": pk})
    return rows.filter(beyond, **{f"{field}__gte": at})
