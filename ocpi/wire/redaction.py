"""What the log may hold of a body: everything but credentials tokens, and not more than fits."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 8_000
# `"token": "…"` is a credential; the Token object of a command has an object there.
_TOKEN: Final = re.compile(r'("token"\s*:\s*)"(?:[^"\\]|\\.)*"')


def redact(body: bytes | str) -> str:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    return _TOKEN.sub(r'\1"••••"', text).replace("\0", "")[:LONGEST]
