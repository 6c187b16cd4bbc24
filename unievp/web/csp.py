"""Content-Security-Policy: strict everywhere, relaxed only where a library leaves no choice.

Swagger UI and REST framework's pages write styles into their HTML; their scripts are files.
The settings' policy holds for portal, account and driver pages. unfold's Alpine evaluates
expressions and styles elements inline, so the admin alone gets 'unsafe-eval' and 'unsafe-inline'
(a nonce would switch 'unsafe-inline' off again, so it is left out there).
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import cast

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

ADMIN_PREFIX = "/admin/"
API_PREFIX = "/api/"
ADMIN_DIRECTIVES = {
    "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}

API_DIRECTIVES = {"style-src": [SELF, UNSAFE_INLINE]}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Both hooks only set headers: no thread is needed for them under ASGI."""
        self.process_request(request)
        response = await cast("Awaitable[HttpResponseBase]", self.get_response(request))
        return self.process_response(request, response)

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002  (the library's signature)
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(ADMIN_PREFIX):
            parts.replace = {**ADMIN_DIRECTIVES, **(parts.replace or {})}
        elif request.path_info.startswith(API_PREFIX):
            parts.replace = {**API_DIRECTIVES, **(parts.replace or {})}
        return parts
