"""Lists (OCPI 2.2.1 §4.1.2): offset, limit, and the window of `last_updated`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from ocpi.addresses import absolute
from ocpi.api.answers import Answer
from ocpi.wire.codes import invalid
from ocpi.wire.moments import read_moment

_Row = TypeVar("_Row", bound=Model)
_MOST_SKIPPED = 2**31 - 1
_LAST_ROW = 2**63 - 1


def page(
    request: HttpRequest,
    rows: QuerySet[_Row],
    render: Callable[[Iterable[_Row]], list[Any]],
    *,
    date_from_required: bool = False,
) -> Answer:
    """One page of `rows`, oldest first by primary key, so that pages stay as they are.

    The window is on the column `last_updated`: from inclusive, to exclusive. A limit above ours is
    clamped, and X-Limit says so. The link to the next page names the row that this one ended with
    (`after`): what leaves the window meanwhile shifts nothing, so nobody misses a row.
    """
    since, until = _moment(request, "date_from"), _moment(request, "date_to")
    if date_from_required and since is None:
        raise invalid("date_from: missing")
    if since is not None:
        rows = rows.filter(last_updated__gte=since)
    if until is not None:
        rows = rows.filter(last_updated__lt=until)
    most = settings.OCPI_PAGE_LIMIT
    offset = _number(request, "offset", 0, 0, _MOST_SKIPPED)
    limit = min(_number(request, "limit", most, 1, _MOST_SKIPPED), most)
    after = _number(request, "after", 0, 0, _LAST_ROW)
    headers = {"X-Total-Count": str(rows.count()), "X-Limit": str(most)}
    begin = 0 if after else offset
    # One more tells whether another page follows.
    ordered = rows.filter(pk__gt=after).order_by("pk")[begin : begin + limit + 1]
    found = list(ordered)
    if len(found) > limit:
        found.pop()
        url = _next(request, offset=offset + limit, limit=limit, after=found[-1].pk)
        headers["Link"] = f'<{url}>; rel="next"'
    return Answer(render(found), headers=headers)


def _next(request: HttpRequest, **values: int) -> str:
    query = request.GET.copy()
    for name, value in values.items():
        query[name] = str(value)
    return absolute(f"{request.path}?{query.urlencode()}")


def _moment(request: HttpRequest, name: str) -> datetime | None:
    text = request.GET.get(name)
    if not text:
        return None
    try:
        return read_moment(text)
    except ValueError as error:
        raise invalid(f"{name}: {error}") from None


def _number(request: HttpRequest, name: str, default: int, least: int, most: int) -> int:
    text = request.GET.get(name)
    if not text:
        return default
    known = text.isascii() and text.isdigit() and len(text) < 20
    if not (known and least <= int(text) <= most):
        raise invalid(f"{name}: a number from {least}, please")
    return int(text)
