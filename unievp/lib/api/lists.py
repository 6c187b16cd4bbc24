"""Lists: pages that are bounded, and counts that stay cheap on tables that grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

if TYPE_CHECKING:
    # REST framework's views import their settings, and those import this module.
    from rest_framework.views import APIView

MOST_PER_PAGE: Final = 200
# Who needs to know how many a million are asks a report; here it would be counted for each page.
COUNTED_TO: Final = 10_000
# From here on, rows are read by their keys: what is skipped is skipped in an index alone.
_DEEP: Final = 1_000
_FARTHEST: Final = 10_000_000


class Pages(LimitOffsetPagination):
    """`limit` (at most 200) and `offset`; `count` is exact up to 10,000 and stops there.

    The pages go on behind it: `next` is there as long as there are rows.
    """

    default_limit = 50
    max_limit = MOST_PER_PAGE
    goes_on = False

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: Any = None
    ) -> list[Any] | None:
        self.request = request
        limit = self.limit = self.get_limit(request) or self.default_limit
        count = self.count = self.get_count(queryset)
        offset = self.offset = self.get_offset(request)
        if count > limit and self.template is not None:
            self.display_page_controls = True
        if offset >= (count if count < COUNTED_TO else _FARTHEST):
            return []
        # One more than is shown tells whether there is a next page.
        rows = _part(queryset, offset, limit + 1)
        self.goes_on = len(rows) > limit
        return rows[:limit]

    def get_count(self, queryset: QuerySet[Any] | Sequence[Any]) -> int:
        if isinstance(queryset, QuerySet):
            return queryset.order_by()[:COUNTED_TO].count()
        return len(queryset)

    def get_next_link(self) -> str | None:
        if self.request is None or not self.goes_on:
            return None
        limit, offset = self.limit or self.default_limit, self.offset or 0
        here = replace_query_param(self.request.build_absolute_uri(), self.limit_query_param, limit)
        return replace_query_param(here, self.offset_query_param, offset + limit)


def _part(rows: QuerySet[Any] | Sequence[Any], offset: int, size: int) -> list[Any]:
    if offset < _DEEP or not isinstance(rows, QuerySet):
        return list(rows[offset : offset + size])
    keys = list(rows.values_list("pk", flat=True)[offset : offset + size])
    found = {row.pk: row for row in rows.filter(pk__in=keys)}
    return [found[key] for key in keys if key in found]


class Ordering(OrderingFilter):
    """`ordering`, with the key behind it: equal rows keep their places from page to page."""

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> Sequence[str] | None:
        chosen = super().get_ordering(request, queryset, view)
        if not chosen or chosen[-1].lstrip("-") in ("id", "pk"):
            return chosen
        return [*chosen, "-pk" if chosen[-1].startswith("-") else "pk"]
