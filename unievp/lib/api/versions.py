"""Changes that must not overwrite somebody else's: ETag out, If-Match in (RFC 9110 §13.1.1)."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request


class ChangedMeanwhileError(APIException):
    status_code = 412


def etag_of(shown: Any) -> str:
    """A strong validator of what a caller sees: equal content, equal tag."""
    text = orjson.dumps(shown, option=orjson.OPT_SORT_KEYS, default=str)
    return f'"{hashlib.sha256(text).hexdigest()[:32]}"'


def check_if_match(request: Request, etag: str) -> None:
    """Raise ChangedMeanwhileError where `If-Match` names another version. Without it: pass."""
    wanted = request.headers.get("If-Match", "").strip()
    if not wanted or wanted == "*":
        return
    if etag not in {each.strip() for each in wanted.split(",")}:
        raise ChangedMeanwhileError(
            _("It has been changed meanwhile: read it again, then change it.")
        )
