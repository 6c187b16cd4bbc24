"""The requests themselves: many at once in an event loop of their own, none of them for long."""

from __future__ import annotations

import asyncio
import queue
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final

import httpx
from django.conf import settings

from unievp.lib.http import USER_AGENT, trusted
from unievp.lib.targets import RefusedTargetError, resolve

# From the resolving of the name to the last byte that is read.
TIMEOUT_S: Final = 15.0
_CONNECT_S: Final = 5.0
_EXCERPT_BYTES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Parcel:
    delivery_id: int
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status`: what was answered; None where nothing was, and `error` says why."""

    delivery_id: int
    url: str
    latency_ms: int
    status: int | None = None
    excerpt: str = ""
    error: str = ""
    retry_after_s: int = 0

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """`with Sender() as sender: sender.send(parcel); sender.outcomes.get()`.

    The loop runs in a thread and touches no database: whoever uses it stores what comes out.
    """

    def __init__(self) -> None:
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="webhooks", daemon=True)

    def __enter__(self) -> Sender:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def send(self, parcel: Parcel) -> None:
        asyncio.run_coroutine_threadsafe(self._send(parcel), self._loop)

    async def _send(self, parcel: Parcel) -> None:
        self.outcomes.put(await deliver(parcel))


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def deliver(parcel: Parcel) -> Outcome:
    """One request. Whatever goes wrong on the way is an outcome, not an exception."""
    began = time.monotonic()

    def outcome(
        *, status: int | None = None, excerpt: str = "", error: str = "", retry_after_s: int = 0
    ) -> Outcome:
        latency_ms = round((time.monotonic() - began) * 1000)
        return Outcome(
            parcel.delivery_id, parcel.url, latency_ms, status, excerpt, error[:200], retry_after_s
        )

    try:
        async with asyncio.timeout(TIMEOUT_S):
            response, excerpt = await _post(parcel)
    except TimeoutError:
        return outcome(error=f"no answer within {TIMEOUT_S:.0f} s")
    except (httpx.HTTPError, httpx.InvalidURL, RefusedTargetError, ssl.SSLError) as error:
        return outcome(error=f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001  (a receiver must not end the loop of all others)
        return outcome(error=type(error).__name__)
    return outcome(
        status=response.status_code, excerpt=excerpt, retry_after_s=_retry_after(response)
    )


async def _post(parcel: Parcel) -> tuple[httpx.Response, str]:
    """To a checked address of the host, under the host's own name. The first that connects."""
    url = httpx.URL(parcel.url)
    addresses = await resolve(
        url.host,
        url.port or (443 if url.scheme == "https" else 80),
        allow_loopback=settings.WEBHOOK_ALLOW_LOOPBACK,
    )
    async with _client() as client:
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            request = client.build_request(
                "POST",
                url.copy_with(host=address),
                content=parcel.body,
                headers={**parcel.headers, "Host": url.netloc.decode("ascii")},
                # The certificate is the name's, not the address's.
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            )
            try:
                response = await client.send(request, stream=True)
            except httpx.ConnectError:
                if last == 0:
                    raise
                continue
            try:
                return response, await _excerpt(response)
            finally:
                await response.aclose()
    message = "no address"
    raise RefusedTargetError(message)


def _client() -> httpx.AsyncClient:
    """No connection is kept: two names behind one address must not share a checked certificate.

    No proxy from the environment: it would resolve the name a second time.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(TIMEOUT_S, connect=_CONNECT_S),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        verify=trusted(),
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )


async def _excerpt(response: httpx.Response) -> str:
    """The beginning of what it said; the rest is not read."""
    read = b""
    async for part in response.aiter_raw():
        read += part
        if len(read) >= _EXCERPT_BYTES:
            break
    return read[:_EXCERPT_BYTES].decode("utf-8", "replace").replace("\0", "")


def _retry_after(response: httpx.Response) -> int:
    """Seconds that a busy receiver asks for; 0 for none, or for what is no number."""
    text = response.headers.get("Retry-After", "")
    if response.status_code not in (429, 503) or not (text.isascii() and text.isdigit()):
        return 0
    return min(int(text[:9]), 6 * 3600)
