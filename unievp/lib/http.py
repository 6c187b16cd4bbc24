"""HTTP to the outside world. Never called with a transaction open."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache

import httpx

USER_AGENT = "UNIEV/0.1"
TIMEOUT = httpx.Timeout(20.0, connect=5.0)


def client(
    base_url: str = "",
    *,
    timeout: httpx.Timeout | float = TIMEOUT,
    headers: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """A client that waits 5 s for a connection and 20 s for an answer and follows no redirect.

    A redirect could carry credentials, or a server-side request, to another host. Use it as a
    context manager. Raises `httpx.HTTPError` subclasses; a `transport` replaces the network in
    tests.
    """
    return httpx.Client(
        base_url=base_url,
        timeout=timeout,
        headers={"User-Agent": USER_AGENT, **(headers or {})},
        transport=transport,
        verify=trusted(),
        follow_redirects=False,
    )


@cache
def trusted() -> ssl.SSLContext:
    """Reading the certificates takes tens of milliseconds: once per process is enough."""
    return httpx.create_ssl_context()
