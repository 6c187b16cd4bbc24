"""A foreign platform on a real socket: records what it is told, answers as it is told to."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: object

    @property
    def token(self):
        return base64.b64decode(self.headers["authorization"].split()[1]).decode()


@dataclass
class Peer:
    """`answers` maps "METHOD /path", a method or a path to (http, envelope[, headers]) or to a
    callable that answers a request so.
    """

    url: str = ""
    requests: list[Any] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    versions: list[str] = field(default_factory=lambda: ["2.1.1", "2.2.1"])
    modules: list[tuple[str, str]] = field(default_factory=list)
    token: str = "token-c-of-the-peer"
    roles: list[Any] = field(default_factory=list)
    delay: float = 0

    def reset(self):
        url = self.url
        self.__init__(url=url)
        self.roles = [role("EMSP", "NL", "TNM")]
        self.modules = [
            ("credentials", "RECEIVER"),
            ("locations", "RECEIVER"),
            ("tariffs", "RECEIVER"),
            ("sessions", "RECEIVER"),
            ("cdrs", "RECEIVER"),
            ("tokens", "SENDER"),
            ("commands", "SENDER"),
        ]

    @property
    def versions_url(self):
        return f"{self.url}/versions"

    def credentials(self, token="token-b-of-the-peer"):
        return {"token": token, "url": self.versions_url, "roles": self.roles}

    def calls(self, method=None, beginning="/"):
        return [
            one
            for one in list(self.requests)
            if one.path.startswith(beginning) and method in (None, one.method)
        ]

    def answer(self, request):
        time.sleep(self.delay)
        for key in (f"{request.method} {request.path}", request.method, request.path):
            if key in self.answers:
                found = self.answers[key]
                return found(request) if callable(found) else found
        if request.path == "/versions":
            data = [{"version": v, "url": f"{self.url}/{v}"} for v in self.versions]
        elif request.path in ("/2.2.1", "/2.3.0"):
            endpoints = [
                {"identifier": name, "role": side, "url": f"{self.url}{request.path}/{name}"}
                for name, side in self.modules
            ]
            data = {"version": request.path[1:], "endpoints": endpoints}
        elif request.path in ("/2.2.1/credentials", "/2.3.0/credentials"):
            data = self.credentials(self.token)
        else:
            return 200, success()
        return 200, success(data)


def success(data=None):
    envelope = {"status_code": 1000, "timestamp": "2026-02-01T09:30:00Z"}
    return envelope if data is None else {"data": data, **envelope}


def role(name, country_code, party_id):
    return {
        "role": name,
        "country_code": country_code,
        "party_id": party_id,
        "business_details": {"name": f"{party_id} Mobility"},
    }


@contextmanager
def running_peer():
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            request = Request(
                self.command,
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(raw) if raw else None,
            )
            peer.requests.append(request)
            http, envelope, *more = peer.answer(request)
            said = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
            try:
                self.send_response(http)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                for name, value in (more[0] if more else {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)
            except OSError:
                # The caller had waited long enough.
                return

        def log_message(self, *args):
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)

    class Server(ThreadingHTTPServer):
        # Many partners of one test are this one server, called at the same moment.
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    peer.url = f"http://127.0.0.1:{server.server_port}"
    peer.reset()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
