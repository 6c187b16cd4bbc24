"""Lists: pages that are bounded, and counts that stay cheap on tables that grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import QuerySet
from rest_framework.pagination import LimitOffsetPagination

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
