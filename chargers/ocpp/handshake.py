"""From an ASGI scope to a knock, and from a refusal to an HTTP answer (contract §2)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from chargers.ocpp.credentials import Credentials
from chargers.ocpp.doorkeeper import Knock, Refused
from chargers.ocpp.frames import clean_text
from chargers.ocpp.listeners import address_of, certificate_of, listener_of

MAX_IDENTITY: Final = 255
_FAREWELL_S: Final = 1.0
_PREFIX = b"ocpp/"
# A CPO's adoption address (ADR 8). Stays a door for the chargers that it let in.
_JOIN = re.compile(rb"join-([0-9a-f]{32})/", re.IGNORECASE)
_REALM = b'Basic realm="UNIEV OCPP"'
_BODIES = {
    400: b"This server speaks ocpp1.6: offer it in Sec-WebSocket-Protocol.\n",
    401: b"Credentials are needed.\n",
    403: b"This charger connects with another security profile.\n",
    404: b"No such charger.\n",
    503: b"Try again.\n",
}


def identity_of(scope: dict[str, Any]) -> str:
    """The charger id of `/{id}`, `/ocpp/{id}` or `/join-{token}/{id}`.

    Decoded once, slashes around it tolerated. From the raw path: in `scope["path"]` a %2F of the
    id is a slash already.
    """
    raw = _path_of(scope)
    joined = _JOIN.match(raw)
    raw = (raw[joined.end() :] if joined else raw).strip(b"/")
    text = unquote_to_bytes(raw[: 3 * MAX_IDENTITY]).decode("utf-8", "replace")
    return clean_text(text)[:MAX_IDENTITY]


def join_token_of(scope: dict[str, Any]) -> str:
    joined = _JOIN.match(_path_of(scope))
    return joined[1].decode().lower() if joined else ""


def _path_of(scope: dict[str, Any]) -> bytes:
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    raw = raw.partition(b"?")[0].lstrip(b"/")
    return raw[len(_PREFIX) :].lstrip(b"/") if raw.lower().startswith(_PREFIX) else raw


def credentials_of(scope: dict[str, Any], identity: str) -> tuple[bytes | None, bytes | None]:
    """User and password of the Basic header as bytes; the key may be any 20 bytes.

    A header that cannot be read counts as wrong credentials, not as none.
    """
    header = next((value for name, value in scope["headers"] if name == b"authorization"), None)
    if header is None:
        return None, None
    scheme, _, encoded = header.strip().partition(b" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        decoded = b""
    if scheme.lower() != b"basic":
        return b"", b""
    # An identity may hold a colon itself.
    user = identity.encode()
    if decoded[: len(user) + 1].lower() == user.lower() + b":":
        return user, decoded[len(user) + 1 :]
    name, _, password = decoded.partition(b":")
    return name, password


def knock_of(scope: dict[str, Any], process: str) -> Knock:
    identity = identity_of(scope)
    user, password = credentials_of(scope, identity)
    return Knock(
        identity=identity,
        subprotocols=tuple(clean_text(name) for name in scope.get("subprotocols", ())[:8]),
        credentials=Credentials(user, password, listener_of(scope), certificate_of(scope)),
        process=process,
        remote_address=address_of(scope),
        join_token=join_token_of(scope),
    )


async def refuse(scope: dict[str, Any], receive: Any, send: Any, refused: Refused) -> None:
    """An HTTP status where the server can (uvicorn), else its 403 (Daphne)."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if refused.status == 401:
        headers.append((b"www-authenticate", _REALM))
    await send(
        {"type": "websocket.http.response.start", "status": refused.status, "headers": headers}
    )
    await send({"type": "websocket.http.response.body", "body": _BODIES[refused.status]})
    # uvicorn takes a return before the socket is gone for a handshake left undone.
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL_S):
            await receive()
            await receive()
