"""One HTTP request to a partner: bounded in time and size, to checked addresses, no redirects.

Asynchronous, so that slow partners wait beside each other; knows no rows, so that nobody holds a
transaction or a connection across it.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from django.conf import settings

from ocpi.models import Partner, TokenEncoding
from ocpi.wire import json
from ocpi.wire.codes import Code
from ocpi.wire.tokens import header_of
from unievp.lib.errors import InvalidError
from unievp.lib.http import USER_AGENT, trusted
from unievp.lib.targets import RefusedTargetError, check_url, resolve

TIMEOUT_S: Final = 15.0
_CONNECT_S: Final = 5.0
_MOST_BYTES: Final = 16 * 1024 * 1024


class CallError(Exception):
    """Nothing useful came back: no connection, no answer in time, no JSON, or a refusal.

    `http_status` and `code` are what was answered, where something was.
    """

    def __init__(
        self, message: str, *, http_status: int | None = None, code: int | None = None
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.code = code


@dataclass(frozen=True, slots=True)
class Peer:
    """What a call needs of a partner, read before the call."""

    partner_id: int | None
    token: str
    raw_token: bool = False

    @classmethod
    def of(cls, partner: Partner, *, token: str = "") -> Peer:
        """With its stored token, or one that is not stored yet."""
        return cls(partner.pk, token or partner.token, partner.token_encoding == TokenEncoding.RAW)


@dataclass(frozen=True, slots=True)
class Call:
    """`routing`: the OCPI-to/from headers of functional modules. `body`: an object, or its text."""

    method: str
    url: str
    module: str = ""
    body: Any = None
    routing: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = TIMEOUT_S


@dataclass(slots=True)
class Reply:
    """What came back, and what the log keeps of it. `error` empty: OCPI status 1xxx.

    `not_sent`: no connection came about, so the partner cannot have heard of it.
    """

    call: Call
    request_id: str
    correlation_id: str
    duration_ms: int = 0
    http_status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    code: int | None = None
    data: Any = None
    error: str = ""
    not_sent: bool = False

    def checked(self) -> Reply:
        """Itself. Raises CallError unless the partner said success."""
        if self.error:
            raise CallError(self.error, http_status=self.http_status, code=self.code)
        return self

    @property
    def unreachable(self) -> bool:
        """Nobody answered, or somebody whose own side is broken."""
        return self.http_status is None or self.http_status >= 500 or self.http_status == 429


async def send(peer: Peer, call: Call) -> Reply:
    """One attempt. Whatever goes wrong is in the reply, never an exception."""
    reply = Reply(call, str(uuid.uuid4()), str(uuid.uuid4()))
    began = time.monotonic()
    try:
        async with asyncio.timeout(call.timeout_s):
            await _exchange(peer, call, reply)
        _read(reply)
    except TimeoutError:
        reply.error = f"no answer within {call.timeout_s:g} s"
    except InvalidError as error:
        reply.not_sent, reply.error = True, f"{call.url[:80]}: {error}"
    except (httpx.HTTPError, httpx.InvalidURL, RefusedTargetError, ssl.SSLError, OSError) as error:
        reply.not_sent = isinstance(
            error, httpx.ConnectError | httpx.ConnectTimeout | RefusedTargetError
        )
        reply.error = f"{type(error).__name__}: {error}"
    reply.duration_ms = round((time.monotonic() - began) * 1000)
    return reply


async def _exchange(peer: Peer, call: Call, reply: Reply) -> None:
    allow = settings.OCPI_ALLOW_LOOPBACK
    url = httpx.URL(check_url(call.url, allow_loopback=allow))
    port = url.port or (443 if url.scheme == "https" else 80)
    addresses = await resolve(url.host, port, allow_loopback=allow)
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Authorization": header_of(peer.token, raw=peer.raw_token),
        "X-Request-ID": reply.request_id,
        "X-Correlation-ID": reply.correlation_id,
        **call.routing,
    }
    content = None if call.body is None else json.dumps(call.body)
    if content is not None:
        headers["Content-Type"] = "application/json"
    async with _client(call.timeout_s) as client:
        for left, address in enumerate(addresses, start=1 - len(addresses)):
            request = client.build_request(
                call.method,
                url.copy_with(host=address),
                content=content,
                headers=headers,
                # The certificate is the name's, not the address's.
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            )
            try:
                response = await client.send(request, stream=True)
            except httpx.ConnectError:
                if left == 0:
                    raise
                continue
            try:
                reply.raw = await _bounded(response)
            finally:
                await response.aclose()
            reply.http_status = response.status_code
            reply.headers = response.headers
            return


def _client(timeout_s: float) -> httpx.AsyncClient:
    """No connection is kept: two names behind one address must not share a checked certificate.

    No proxy from the environment: it would resolve the name a second time.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s)),
        headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
        verify=trusted(),
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )


async def _bounded(response: httpx.Response) -> bytes:
    read = bytearray()
    async for part in response.aiter_bytes():
        read += part
        if len(read) > _MOST_BYTES:
            message = f"an answer of more than {_MOST_BYTES // 1024 // 1024} MB"
            raise httpx.DecodingError(message)
    return bytes(read)


def _read(reply: Reply) -> None:
    """The envelope. HTTP and OCPI must both say success; some peers leave one of them out."""
    status = reply.http_status or 0
    try:
        envelope = json.loads(reply.raw) if reply.raw.strip() else {}
    except (ValueError, RecursionError):
        envelope = None
    if isinstance(envelope, dict):
        code = envelope.get("status_code")
        reply.code = code if isinstance(code, int) and 0 < code < 32_768 else None
        reply.data = envelope.get("data")
        said = str(envelope.get("status_message") or "")[:200]
    else:
        said = ""
    if not 200 <= status < 300:
        reply.error = f"HTTP {status}, OCPI {reply.code or '-'} {said}".rstrip()
    elif reply.code is None:
        # What it was is in the log: the error is told to whoever named the address.
        reply.error = f"HTTP {status} without an OCPI envelope"
    elif not Code.SUCCESS <= reply.code < Code.CLIENT_ERROR:
        reply.error = f"OCPI {reply.code} {said}".rstrip()
