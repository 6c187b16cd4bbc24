"""The zone that the admin shows times in: the platform's office, not UTC.

Portal pages name the zone of the location they speak of (architecture.md §5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

# "Today" on the admin's home page begins at midnight here.
OFFICE_ZONE = ZoneInfo("Asia/Jakarta")
_ADMIN = "/admin/"


@sync_and_async_middleware
def office_zone(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Activate `OFFICE_ZONE` for the admin's requests, and for nothing else."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> Any:
            with timezone.override(_zone(request)):
                return await get_response(request)

        return answer_async

    def answer(request: HttpRequest) -> Any:
        with timezone.override(_zone(request)):
            return get_response(request)

    return answer


def _zone(request: HttpRequest) -> ZoneInfo | None:
    return OFFICE_ZONE if request.path_info.startswith(_ADMIN) else None
