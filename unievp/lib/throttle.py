"""How often one address may ask for a page. The cache counts; without it nobody is turned away."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
_FORWARDED = "X-Forwarded-For"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `times` in each window of `seconds`, per key."""

    name: str
    times: int
    seconds: int

    def retry_after(self, key: str) -> int:
        """Count one more; 0 if it is allowed, else the seconds until the window ends."""
        now = int(time.time())
        window = now // self.seconds
        name = f"rate:{self.name}:{key}:{window}"
        try:
            cache.add(name, 0, self.seconds)
            used = cache.incr(name)
        except (RedisError, ValueError):
            # ValueError: it ended between the two lines.
            logger.exception("Requests are not counted")
            return 0
        return 0 if used <= self.times else (window + 1) * self.seconds - now


def client_address(request: HttpRequest) -> str:
    """Who asks; behind a proxy what the proxy added last, which nobody else can have written."""
    address: str = request.META.get("REMOTE_ADDR") or ""
    if settings.BEHIND_PROXY:
        address = request.headers.get(_FORWARDED, "").rpartition(",")[2].strip() or address
    return address
