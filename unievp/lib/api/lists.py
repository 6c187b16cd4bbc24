"""Lists: pages that are bounded, and counts that stay cheap on tables that grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

if TYPE_CHECKING:
    # REST framework's views import their settings, and those import this module.
    from rest_framework.views import APIView

MOST_PER_PAGE: Final = 200
# Nobody turns so many pages; a filter narrows what is looked for.
COUNTED_TO: Final = 100_000


class Pages(LimitOffsetPagination):
    """`limit` (at most 200) and `offset`; `count` is exact up to 100,000 and stops there."""

    default_limit = 50
    max_limit = MOST_PER_PAGE

    def get_count(self, queryset: QuerySet[Any] | Sequence[Any]) -> int:
        if isinstance(queryset, QuerySet):
            return queryset.order_by()[:COUNTED_TO].count()
        return len(queryset)


class Ordering(OrderingFilter):
    """`ordering`, with the key behind it: equal rows keep their places from page to page."""

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> Sequence[str] | None:
        chosen = super().get_ordering(request, queryset, view)
        if not chosen or chosen[-1].lstrip("-") in ("id", "pk"):
            return chosen
        return [*chosen, "-pk" if chosen[-1].startswith("-") else "pk"]
