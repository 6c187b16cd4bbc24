"""An API key needs the scope that the endpoint names; people's rights come from their roles.

Drivers may use the methods that an endpoint names as theirs, about what is their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from cpo.models import ApiKey, Driver
from unievp.lib.errors import ForbiddenError

if TYPE_CHECKING:
    # REST framework's views import their settings, and those import this module.
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """The view declares `scopes: {"GET": "commands:read", …}`; a method without one is closed."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        # The stubs know people only.
        user: object = request.user
        if not isinstance(user, ApiKey | Driver):
            return True
        method = "GET" if request.method == "HEAD" else request.method
        if method == "OPTIONS" or method not in view.allowed_methods:
            # Asks what there is, or is about to hear that there is nothing: 405.
            return True
        if isinstance(user, Driver):
            return _is_for_drivers(view, method)
        scope = getattr(view, "scopes", {}).get(method)
        if scope is None or not user.may(scope):
            raise ForbiddenError(
                _("This API key lacks the scope %(scope)s.") % {"scope": scope or request.method},
                code="insufficient_scope",
            )
        return True


def _is_for_drivers(view: APIView, method: str | None) -> bool:
    if method not in getattr(view, "drivers", frozenset()):
        raise ForbiddenError(_("This is not for drivers."), code="not_for_drivers")
    return True
