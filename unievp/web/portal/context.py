"""The portal around the pages of one's account, which are allauth's views."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from cpo.models import User
from unievp.web.portal.company import desk_of

_ACCOUNT = "/accounts/"


def account_desk(request: HttpRequest) -> dict[str, Any]:
    """`desk`, as the portal's own views give it; asks the database only where it is looked at."""
    user = getattr(request, "user", None)
    if not request.path_info.startswith(_ACCOUNT) or not isinstance(user, User):
        return {}
    return {"desk": SimpleLazyObject(lambda: desk_of(user))}
