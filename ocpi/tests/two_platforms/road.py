"""The road between two platforms: an HTTP relay that can be closed, slow, or double everything.

A platform's public address is a road that leads to its web process, so that all a partner says
passes here.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_OWN = {"connection", "transfer-encoding", "content-length", "server", "date"}


class Road:
    """Open from the start. `delay_s` before each request, `twice`: each arrives two times."""

    def __init__(self, port: int, leads_to: int) -> None:
        self.port = port
        self.leads_to = leads_to
        self.delay_s = 0.0
        self.twice = False
        self.travelled: Counter[str] = Counter()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self.open()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Nobody listens: connections are refused."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def relay(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        self.travelled[method] += 1
        time.sleep(self.delay_s)
        for _time in range(2 if self.twice else 1):
            answer = self._ask(method, path, headers, body)
        return answer

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.leads_to, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        road = self

        class Handler(BaseHTTPRequestHandler):
            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    answer = road.relay(self.command, self.path, dict(self.headers), body)
                    status, headers, content = answer
                    self.send_response(status)
                    for name, value in headers:
                        if name.lower() not in _OWN:
                            self.send_header(name, value)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    # One of the two hung up: so does the road.
                    return

            def log_message(self, *_args: Any) -> None:
                pass

        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.pass_on)
        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
