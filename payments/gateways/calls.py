"""HTTP as both gateways need it: one call, its JSON, and what a failure means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote

import httpx

from payments.gateways.base import (
    CredentialsError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnreachableError,
)
from unievp.lib import http

_RETRY_DEFAULT_S: Final = 10.0
_MOST_TEXT: Final = 200
# Given up by somebody on the way; the gateway may have done it.
_SAYS_NOTHING: Final = frozenset({httpx.codes.REQUEST_TIMEOUT, 499})

Json = dict[str, Any]


class Api:
    """One host with Basic authentication: the key is the user, there is no password.

    Decimal numbers of answers stay the text that they were. A GET is tried once more after a
    connection that failed; a POST never, because only the caller knows whether it may be.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base_url = base_url
        self._auth = httpx.BasicAuth(key, "")
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._transport = transport

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        try:
            return self._call("GET", path, params=params)
        except UnreachableError:
            return self._call("GET", path, params=params)

    def post(self, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
        return self._call("POST", path, body=body, headers=headers)

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        try:
            with http.client(
                self._base_url, headers=self._headers, transport=self._transport
            ) as client:
                response = client.request(
                    method, path, params=params, json=body, headers=headers, auth=self._auth
                )
        except httpx.HTTPError as error:
            # Its text may hold the address, never the key.
            message = f"No answer from the gateway: {type(error).__name__}"
            raise UnreachableError(message, code="no_answer") from error
        return _read(response)


def path(*parts: str) -> str:
    """A path of quoted parts: an id from outside cannot climb out of it."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


def whole(value: Any) -> int:
    """Whole minor units of `50000`, `"50000.00"`. Raises UnreachableError for anything else."""
    try:
        number = Decimal(str(value))
        amount = int(number)
    except (InvalidOperation, ValueError, OverflowError):
        amount, number = 0, Decimal("NaN")
    if number != amount:
        message = f"The gateway named an amount that is none: {str(value)[:40]!r}"
        raise UnreachableError(message, code="bad_amount")
    return amount


def when(value: Any) -> datetime | None:
    """An RFC 3339 time as aware UTC; None where there is none."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def parsed(content: bytes) -> Any:
    """JSON with decimal numbers as text. Raises ValueError."""
    return json.loads(content, parse_float=str)


def _read(response: httpx.Response) -> Any:
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise RateLimitedError("The gateway asks us to wait", retry_after_s=_wait(response))
    if response.status_code in _SAYS_NOTHING or response.is_server_error:
        raise UnreachableError(
            f"The gateway answered {response.status_code}", code=str(response.status_code)
        )
    try:
        answer = parsed(response.content)
    except ValueError as error:
        raise UnreachableError("The gateway's answer is not JSON", code="not_json") from error
    if response.status_code >= httpx.codes.BAD_REQUEST:
        refuse(response.status_code, answer)
    return answer


def refuse(status: int, answer: Any) -> None:
    """Raise what a 4xx (or Midtrans' status inside a 200) means."""
    code, message = _reason(answer)
    code, message = code or str(status), message or f"The gateway answered {status}"
    if status == httpx.codes.UNAUTHORIZED:
        raise CredentialsError(message, code=code)
    if status == httpx.codes.NOT_FOUND:
        raise NotFoundError(message, code=code)
    raise RefusedError(message, code=code)


def _reason(answer: Any) -> tuple[str, str]:
    if not isinstance(answer, dict):
        return "", ""
    code = text_of(answer.get("error_code")) or text_of(answer.get("status_code"))
    messages = answer.get("error_messages")
    message = (
        text_of(answer.get("message"))
        or text_of(answer.get("error_message"))
        or text_of(answer.get("status_message"))
        or ("; ".join(map(str, messages)) if isinstance(messages, list) else "")
    )
    return code[:80], message[:_MOST_TEXT]


def _wait(response: httpx.Response) -> float:
    for name in ("Rate-Limit-Reset", "Retry-After"):
        try:
            return max(0.0, float(response.headers[name]))
        except (KeyError, ValueError):
            continue
    return _RETRY_DEFAULT_S
