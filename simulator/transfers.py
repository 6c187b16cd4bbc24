"""Files over HTTP, as a charger moves them: a log up, a firmware image down. No other scheme."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import Final
from urllib.parse import urlsplit

WITHIN_S: Final = 10
MOST_BYTES: Final = 64 * 1024 * 1024


async def upload(location: str, name: str, content: bytes) -> bool:
    """PUT; whether the server took it."""
    request = _request(location, data=content, method="PUT", headers={"X-File-Name": name})
    return request is not None and await asyncio.to_thread(_fetch, request) is not None


async def download(location: str) -> bytes | None:
    """GET; None where there is no such file."""
    request = _request(location, method="GET")
    return None if request is None else await asyncio.to_thread(_fetch, request)


def _request(
    location: str,
    *,
    method: str,
    data: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> urllib.request.Request | None:
    if urlsplit(location).scheme not in ("http", "https"):
        return None
    return urllib.request.Request(  # noqa: S310  (the scheme is checked above)
        location, data=data, method=method, headers=headers or {}
    )


def _fetch(request: urllib.request.Request) -> bytes | None:
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_S) as response:  # noqa: S310  (as above)
            return bytes(response.read(MOST_BYTES))
    except (OSError, urllib.error.URLError):
        return None
