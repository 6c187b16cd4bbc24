"""Midtrans' habits: a status code inside the body, times in WIB without an offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from payments.gateways.base import UnreachableError
from payments.gateways.calls import Json, refuse, text_of

WIB: Final = timezone(timedelta(hours=7))
_ERRORS_FROM: Final = 400
_SERVER_ERRORS_FROM: Final = 500


def checked(answer: Any) -> Json:
    """The body, unless its own `status_code` says that it is an error."""
    if not isinstance(answer, dict):
        raise UnreachableError("The gateway's answer is no object", code="not_an_object")
    code = text_of(answer.get("status_code"))
    status = int(code) if code.isdecimal() else 0
    if status >= _SERVER_ERRORS_FROM:
        raise UnreachableError(f"The gateway answered {status}", code=code)
    if status >= _ERRORS_FROM and status != _EXPIRED:
        refuse(status, answer)
    return answer


# 407 is how a payment that has expired is told.
_EXPIRED: Final = 407


def local_time(value: Any) -> datetime | None:
    """`2026-01-09 18:27:19` is WIB."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=WIB)).astimezone(UTC)


def stamp(moment: datetime) -> str:
    """`2026-01-09 18:00:00 +0700`, as requests want it."""
    return moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M:%S +0700")
