"""The Authorization header: `Token` and the credentials token, in Base64 or raw (older peers)."""

from __future__ import annotations

import base64
import binascii

LONGEST = 64
SCHEME = "Token"


def header_of(token: str, *, raw: bool = False) -> str:
    return f"{SCHEME} {token if raw else base64.b64encode(token.encode()).decode()}"


def tokens_in(header: str) -> list[str]:
    """What the header may mean, the likelier first: decoded (a stray newline stripped), then raw.

    Empty for another scheme.
    """
    scheme, _space, value = header.strip().partition(" ")
    value = value.strip()
    if scheme.lower() != SCHEME.lower() or not value:
        return []
    found = [_decoded(value), value]
    return [text for text in dict.fromkeys(found) if is_token(text)]


def is_token(text: str) -> bool:
    """string(64) of U+0021 to U+007E."""
    return 0 < len(text) <= LONGEST and all("!" <= char <= "~" for char in text)


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
