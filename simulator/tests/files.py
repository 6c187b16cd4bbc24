"""A small web server for firmware images and logs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


@dataclass
class Files:
    """`content` is served by path; what is PUT lands in `received`."""

    port: int
    content: dict[str, bytes] = field(default_factory=dict)
    received: dict[str, bytes] = field(default_factory=dict)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"


@contextmanager
def serving():
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            files.received[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(201)

        def do_GET(self):
            content = files.content.get(self.path)
            self.answer(404 if content is None else 200, content or b"")

        def answer(self, status: int, content: bytes = b""):
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    files = Files(server.server_port)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
