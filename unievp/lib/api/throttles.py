"""How often one caller may ask. The cache counts; without it nobody is turned away."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from unievp.lib.throttle import client_address

if TYPE_CHECKING:
    # REST framework's views import their settings, and those import this module.
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class CallerThrottle(SimpleRateThrottle):
    """By API key, person or address; the rates are `DEFAULT_THROTTLE_RATES` caller and nobody."""

    scope = "caller"

    def get_ident(self, request: Request) -> str:
        """The address. REST framework's own believes whatever `X-Forwarded-For` a caller writes."""
        return client_address(request._request)

    def get_cache_key(self, request: Request, view: APIView) -> str:
        user: Any = request.user
        if user is not None and user.is_authenticated:
            ident = f"{user._meta.label_lower}:{user.pk}"
        else:
            self.scope = "nobody"
            self.rate = self.get_rate()
            self.num_requests, self.duration = self.parse_rate(self.rate)
            ident = self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except RedisError:
            logger.exception("Requests are not counted")
            return True


class RegistrationThrottle(CallerThrottle):
    """For the one write that is open to everybody: by address; known callers as elsewhere."""

    def get_cache_key(self, request: Request, view: APIView) -> str:
        if request.user.is_authenticated:
            return super().get_cache_key(request, view)
        self.scope = "registration"
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
