"""A receiver of webhooks on loopback that answers as it is told and remembers what came."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    url: str = ""
    status: int = 200
    says: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)
    # Whoever comes waits here.
    open: threading.Event = field(default_factory=threading.Event)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    most_at_once: int = 0


@contextmanager
def receiver() -> Iterator[Receiver]:
    state, lock, inside = Receiver(), threading.Lock(), [0]
    state.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                inside[0] += 1
                state.most_at_once = max(state.most_at_once, inside[0])
                state.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
            state.open.wait(10)
            with lock:
                inside[0] -= 1
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(state.says)

        def log_message(self, *_args: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.open.set()
        server.shutdown()
        thread.join()
        server.server_close()
