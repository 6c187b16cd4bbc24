"""Webhooks out: signed as the real ones are, and as unreliable as the faults say."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from simulator.gateway.faults import Faults

LATE_S = 3.0
RETRIES = (0.5, 2.0, 8.0)


@dataclass
class Webhook:
    url: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Notifier:
    """`sent` are the bodies that went out, with the status they were answered with."""

    faults: Faults
    xendit_url: str = ""
    xendit_token: str = ""
    iris_url: str = ""
    iris_key: str = ""
    midtrans_url: str = ""
    sent: list[dict[str, Any]] = field(default_factory=list)
    _held: list[Webhook] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def xendit(self, event: str, data: dict[str, Any], *, flat: bool = False) -> None:
        if self.faults.take("nested"):
            data = {"data": data}
        body = data if flat else {"event": event, "business_id": "fake", "data": data}
        headers = {"x-callback-token": self.xendit_token}
        self._notify(self.xendit_url, _dump(body), headers)

    def midtrans(self, body: dict[str, Any], *, key: str, url: str) -> None:
        parts = f"{body['order_id']}{body['status_code']}{body['gross_amount']}{key}"
        signature = hashlib.sha512(parts.encode()).hexdigest()
        self._notify(url or self.midtrans_url, _dump({**body, "signature_key": signature}), {})

    def iris(self, body: dict[str, Any]) -> None:
        raw = _dump(body)
        signature = hashlib.sha512(raw + self.iris_key.encode()).hexdigest()
        self._notify(self.iris_url, raw, {"Iris-Signature": signature})

    async def aclose(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _notify(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        if not url or self.faults.take("lost"):
            return
        webhook = Webhook(url, body, {"Content-Type": "application/json", **headers})
        if self.faults.take("reorder"):
            self._held.append(webhook)
            return
        if self.faults.take("forged"):
            self._spawn(_forged(webhook))
        for _ in range(3 if self.faults.take("duplicate") else 1):
            self._spawn(webhook, LATE_S if self.faults.take("late") else 0)
        held, self._held = self._held, []
        for each in held:
            self._spawn(each, 0.05)

    def _spawn(self, webhook: Webhook, delay: float = 0) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(webhook, delay))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, webhook: Webhook, delay: float) -> None:
        for pause in (delay, *RETRIES):
            await asyncio.sleep(pause)
            status = await _post(webhook)
            self.sent.append({"url": webhook.url, "body": webhook.body.decode(), "status": status})
            if 200 <= status < 500:
                return


async def _post(webhook: Webhook) -> int:
    try:
        async with httpx.AsyncClient(timeout=15) as client:
            answer = await client.post(webhook.url, content=webhook.body, headers=webhook.headers)
    except httpx.HTTPError:
        return 0
    return answer.status_code


def _forged(webhook: Webhook) -> Webhook:
    """The same body from somebody who does not know the secret."""
    headers = dict.fromkeys(webhook.headers, "forged") | {"Content-Type": "application/json"}
    body = webhook.body
    if b'"signature_key"' in body:
        payload = json.loads(body)
        body = _dump({**payload, "signature_key": "0" * 128})
    return Webhook(webhook.url, body, headers)


def _dump(body: Any) -> bytes:
    return json.dumps(body).encode()
