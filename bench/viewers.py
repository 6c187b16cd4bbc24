"""People who watch the board: a process of its own, told what to do by one JSON line each.

    {"do": "open", "portals": 500}    {"do": "close", "portals": 0}    {"do": "told"}

Answers one JSON line: how many sockets are open, and how many changes they were told since the
last answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from bench.wire import Charger

_AT_ONCE = 20


class Portal(Charger):
    """Its `identity` is the Cookie header of somebody who is signed in."""

    __slots__ = ("hello", "told")

    def __init__(self, cookie: str) -> None:
        super().__init__(cookie)
        self.told = 0
        self.hello: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def request(self, host: str, key: str) -> str:
        return (
            f"GET /ws/board HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Origin: http://{host}\r\nCookie: {self.identity}\r\n\r\n"
        )

    def text(self, payload: bytes) -> None:
        if b'"changed"' in payload:
            self.told += 1
        elif not self.hello.done():
            self.hello.set_result(None)


class Viewers:
    def __init__(self, port: int, cookie: str) -> None:
        self.port = port
        self.cookie = cookie
        self.portals: list[Portal] = []

    async def open(self, portals: int) -> None:
        """Returns when each has its hello: from then on it hears everything."""
        for begin in range(0, portals, _AT_ONCE):
            some = [Portal(self.cookie) for _ in range(min(_AT_ONCE, portals - begin))]
            await asyncio.gather(*[one.open("127.0.0.1", self.port) for one in some])
            await asyncio.wait_for(asyncio.gather(*[one.hello for one in some]), 30)
            self.portals += some

    async def close(self, portals: int) -> None:
        """All but so many."""
        for portal in self.portals[portals:]:
            portal.close()
        self.portals = self.portals[:portals]

    async def told(self) -> None:
        """Only the answer."""

    def answer(self) -> dict[str, Any]:
        told = sum(portal.told for portal in self.portals)
        for portal in self.portals:
            portal.told = 0
        return {"open": sum(portal.is_open for portal in self.portals), "told": told}


async def main(port: int) -> None:
    viewers = Viewers(port, os.environ["BENCH_COOKIE"])
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        await getattr(viewers, order.pop("do"))(**order)
        print(json.dumps(viewers.answer()), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
