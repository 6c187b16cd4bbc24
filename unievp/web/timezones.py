"""The zone that the admin shows times in: the platform's office, not UTC.

Portal pages name the zone of the location they speak of (architecture.md §5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

# "Today" on the admin's home page begins at midnight here.
OFFICE_ZONE = ZoneInfo("Asia/Jakarta")
_ADMIN = "/admin/"

Handler = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def office_zone(get_response: Handler) -> Handler:
    """Activate `OFFICE_ZONE` for the admin's requests, and for nothing else."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            with timezone.override(_zone(request)):
                response = await get_response(request)
            return response

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        with timezone.override(_zone(request)):
            return get_response(request)

    return answer


def _zone(request: HttpRequest) -> ZoneInfo | None:
    return OFFICE_ZONE if request.path_info.startswith(_ADMIN) else None
