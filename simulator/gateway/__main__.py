"""`python -m simulator.gateway`: the fake gateway as a process of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from simulator.gateway.app import make_app
from simulator.gateway.books import Books
from simulator.gateway.faults import Faults
from simulator.gateway.notifier import Notifier
from simulator.gateway.world import World


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulator.gateway", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8010)
    add("--state", type=Path, help="keep the books over a restart")
    add("--step", type=float, default=2.0, metavar="S", help="pace of payouts and refunds")
    add("--public-url", help="where a browser reaches this gateway")
    add("--xendit-webhooks", default="", metavar="URL")
    add("--xendit-token", default="", metavar="TOKEN", help="sent as x-callback-token")
    add("--midtrans-webhooks", default="", metavar="URL", help="unless a request names another")
    add("--iris-webhooks", default="", metavar="URL")
    add("--iris-key", default="", metavar="KEY", help="signs Iris' webhooks")
    given = parser.parse_args()
    faults = Faults()
    notifier = Notifier(
        faults,
        xendit_url=given.xendit_webhooks,
        xendit_token=given.xendit_token,
        iris_url=given.iris_webhooks,
        iris_key=given.iris_key,
        midtrans_url=given.midtrans_webhooks,
    )
    world = World(
        Books.load(given.state),
        faults,
        notifier,
        public_url=given.public_url or f"http://localhost:{given.port}",
        step_s=given.step,
    )
    uvicorn.run(make_app(world), host=given.host, port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
