"""The bundled fake gateway on a loopback port, in a thread of the test's process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from payments.gateways.base import Credentials
from simulator.gateway.app import make_app
from simulator.gateway.books import Books
from simulator.gateway.faults import Faults
from simulator.gateway.notifier import Notifier
from simulator.gateway.world import World

TOKEN = "callback-token-of-the-fake"
IRIS_KEY = "iris-merchant-key-of-the-fake"
XENDIT_KEY = "xnd_development_test"
MIDTRANS_KEY = "SB-Mid-server-test"


@dataclass
class FakeGateway:
    """`world` may be looked at and changed between calls; `control` does what a person would."""

    url: str
    world: World

    def credentials(self, provider: str, **changes: str) -> Credentials:
        keys = {
            "api_key": XENDIT_KEY if provider == "xendit" else MIDTRANS_KEY,
            "payout_key": XENDIT_KEY if provider == "xendit" else "iris-creator",
            "approver_key": "iris-approver",
            "webhook_secret": TOKEN if provider == "xendit" else IRIS_KEY,
        }
        return Credentials("sandbox", **{"base_url": self.url, **keys, **changes})

    def control(self, path: str, body: object = None) -> httpx.Response:
        answer = httpx.post(f"{self.url}/__control/{path}", json=body)
        answer.raise_for_status()
        return answer

    def pay(self, reference: str, **options: object) -> None:
        self.control(f"pay/{reference}", options)

    def faults(self, **times: int) -> None:
        self.control("faults", times)

    def reset(self) -> None:
        books = self.world.books
        for rows in (books.payments, books.refunds, books.payouts):
            rows.clear()
        books.balance, books.payout_fee = 100_000_000, 0
        self.world.faults.clear()
        self.world.calls.clear()
        self.world.notifier.sent.clear()


@contextmanager
def running_gateway(*, step_s: float = 0.05) -> Iterator[FakeGateway]:
    faults = Faults()
    notifier = Notifier(faults, xendit_token=TOKEN, iris_key=IRIS_KEY)
    world = World(Books(), faults, notifier, step_s=step_s, slow_s=3)
    config = uvicorn.Config(make_app(world), host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the fake gateway does not start"
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    world.public_url = f"http://127.0.0.1:{port}"
    try:
        yield FakeGateway(world.public_url, world)
    finally:
        server.should_exit = True
        thread.join(10)
