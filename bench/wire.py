"""Hand-made WebSocket clients: as cheap as possible, so that they are not what is measured."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from typing import Any

PASSWORD = "bench-password-of-20"


class Charger(asyncio.Protocol):
    """A client socket; `call` sends text and returns the answer's bytes.

    Frames are masked with the key 0, which is a valid key and costs nothing.
    """

    __slots__ = (
        "_buffer",
        "_credentials",
        "_opening",
        "_transport",
        "_waiting",
        "identity",
        "state",
    )

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.state: dict[str, Any] = {}
        self._credentials = base64.b64encode(f"{identity}:{PASSWORD}".encode()).decode()
        self._buffer = b""
        self._opening: asyncio.Future[int] | None = None
        self._waiting: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    async def open(self, host: str, port: int) -> int:
        """Connect and shake hands; returns the HTTP status."""
        loop = asyncio.get_running_loop()
        opening: asyncio.Future[int] = loop.create_future()
        self._opening = opening
        await loop.create_connection(lambda: self, host, port)
        return await opening

    def call(self, text: str) -> asyncio.Future[bytes]:
        self._waiting = asyncio.get_running_loop().create_future()
        data = text.encode()
        size = len(data)
        head = bytes([0x81, 0x80 | size]) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
        assert self._transport is not None
        self._transport.write(head + b"\0\0\0\0" + data)
        return self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    # --- asyncio.Protocol ---------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        address, port = transport.get_extra_info("peername")[:2]
        transport.write(self.request(f"{address}:{port}", key).encode())

    def request(self, host: str, key: str) -> str:
        return (
            f"GET /{self.identity} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Authorization: Basic {self._credentials}\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if self._opening is not None:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = buffer
                return
            opening, self._opening = self._opening, None
            opening.set_result(int(buffer[9:12]))
            buffer = buffer[end + 4 :]
        self._buffer = self._frames(buffer)

    def _frames(self, buffer: bytes) -> bytes:
        while len(buffer) >= 2:
            size, start = buffer[1], 2
            if size == 126:
                size, start = int.from_bytes(buffer[2:4]), 4
            if len(buffer) < start + size:
                return buffer
            payload, opcode = buffer[start : start + size], buffer[0] & 0x0F
            buffer = buffer[start + size :]
            if opcode == 1:
                self.text(payload)
            elif opcode == 9 and self._transport is not None:
                self._transport.write(bytes([0x8A, 0x80 | size]) + b"\0\0\0\0" + payload)
        return buffer

    def text(self, payload: bytes) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(payload)

    def connection_lost(self, _error: Exception | None) -> None:
        for waiting in (self._opening, self._waiting):
            if waiting is not None and not waiting.done():
                waiting.set_exception(ConnectionError(f"{self.identity}: connection lost"))
