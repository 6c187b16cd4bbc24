"""Passwords never reach the wire log (white paper A01.FR.09)."""

from __future__ import annotations

import re
from typing import Any, Final

REDACTED: Final = "••••"
MAX_STORED: Final = 65_536

# In a ChangeConfiguration, a GetConfiguration answer, or a vendor's DataTransfer.
_KEY_THEN_VALUE = re.compile(
    r'("key"\s*:\s*"[^"]*(?:AuthorizationKey|password|passwd|secret)[^"]*"[^{}]{0,600}?"value"\s*:\s*)'
    r'"(?:[^"\\]|\\.)*"?',
    re.IGNORECASE,
)
_VALUE_THEN_KEY = re.compile(
    r'("value"\s*:\s*)"(?:[^"\\]|\\.)*"'
    r'([^{}]{0,600}?"key"\s*:\s*"[^"]*(?:AuthorizationKey|password|passwd|secret)[^"]*")',
    re.IGNORECASE,
)
_NAMED = re.compile(
    r'("[^"]*(?:AuthorizationKey|password|passwd|secret)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"?',
    re.IGNORECASE,
)
_NAMES = ("authorizationkey", "password", "passwd", "secret")


def redact(text: str) -> str:
    """The frame as it may be stored: secrets replaced, at most MAX_STORED characters, no NUL."""
    if len(text) > MAX_STORED:
        text = text[:MAX_STORED] + "…"
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    folded = text.lower()
    if not any(name in folded for name in _NAMES):
        return text
    text = _KEY_THEN_VALUE.sub(rf'\1"{REDACTED}"', text)
    text = _VALUE_THEN_KEY.sub(rf'\1"{REDACTED}"\2', text)
    return _NAMED.sub(rf'\1"{REDACTED}"', text)


def redact_payload(action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A command's payload as it may be shown."""
    key = payload.get("key")
    if action == "ChangeConfiguration" and isinstance(key, str) and key.casefold() in _NAMES:
        return payload | {"value": REDACTED}
    return payload
