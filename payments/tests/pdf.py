"""The text of a PDF that ReportLab made: enough of the format for our own papers."""

from __future__ import annotations

import base64
import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_SHOWN = re.compile(rb"\(((?:[^()\\]|\\.)*)\)\s*Tj")
_OCTAL = re.compile(rb"\\(\d{3})")
_ESCAPED = re.compile(rb"\\([()\\])")


def pdf_text(data: bytes) -> str:
    """Each piece of text on a line of its own, in the order of drawing."""
    assert data.startswith(b"%PDF-")
    lines = []
    for stream in _STREAM.findall(data):
        for shown in _SHOWN.findall(_unpacked(stream)):
            text = _OCTAL.sub(lambda match: bytes([int(match[1], 8)]), shown)
            lines.append(_ESCAPED.sub(rb"\1", text).decode("cp1252"))
    return "\n".join(lines).replace("\xa0", " ")


def pages_of(data: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", data))


def _unpacked(stream: bytes) -> bytes:
    body = stream.strip()
    if body.endswith(b"~>"):
        body = base64.a85decode(body[:-2])
    try:
        return zlib.decompress(body)
    except zlib.error:
        return body
