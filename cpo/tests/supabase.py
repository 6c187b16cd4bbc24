"""A Supabase project of the tests: its keys, its tokens, and its server on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

ROLE = AUDIENCE = "authenticated"


class Project:
    """`calls` are the paths that were asked; `down` makes the server answer 500."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.kid = uuid4().hex
        self.secret = uuid4().hex * 2
        self.users: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.down = False
        self.url = ""

    def token(self, uid: UUID | None = None, *, key: Any = None, **changes: Any) -> str:
        """Signed with the published key; a claim of None is left out."""
        headers = {"kid": changes.pop("kid", self.kid)}
        return jwt.encode(
            self.claims(uid, **changes), key or self.key, algorithm="ES256", headers=headers
        )

    def secret_token(self, uid: UUID | None = None, **changes: Any) -> str:
        """As a project without signing keys makes it; the server knows its user."""
        uid = uid or uuid4()
        token = jwt.encode(self.claims(uid, **changes), self.secret, algorithm="HS256")
        self.users[token] = {"id": str(uid), "email": "budi@x.example", "role": ROLE}
        return token

    def claims(self, uid: UUID | None = None, **changes: Any) -> dict[str, Any]:
        claims = {
            "iss": f"{self.url}/auth/v1",
            "sub": str(uid or uuid4()),
            "aud": AUDIENCE,
            "role": ROLE,
            "exp": int(time.time()) + 600,
            "email": "budi@x.example",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def jwks(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.kid, "alg": "ES256", "use": "sig"}]}


@contextmanager
def running_project() -> Iterator[Project]:
    project = Project()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            project.calls.append(self.path)
            status, body = self._answer()
            self.send_response(500 if project.down else status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def _answer(self) -> tuple[int, Any]:
            if self.path.endswith("/jwks.json"):
                return 200, project.jwks()
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            user = project.users.get(token)
            return (200, user) if user else (401, {"msg": "invalid"})

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    project.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield project
    finally:
        server.shutdown()
        server.server_close()
