"""Passwords and keys never reach the wire log (white paper A01.FR.09).

Redacted as text, word for word around the secret, because a frame may be no JSON at all. Secrets
come as values of telling names (a ChangeConfiguration, a GetConfiguration answer, a vendor's
DataTransfer, also as JSON inside a string), in URLs (GetDiagnostics, GetLog, UpdateFirmware: user
and password, signatures and tokens of the query) and as private keys in PEM.
"""

from __future__ import annotations

import re
from typing import Any, Final

REDACTED: Final = "••••"
MAX_STORED: Final = 65_536

_NAMES: Final = (
    "authorizationkey",
    "authorization_key",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "private_key",
    "private-key",
    "privatekey",
    "apikey",
    "api_key",
    "api-key",
    "credential",
    "accesstoken",
    "access_token",
    "authtoken",
    "auth_token",
    "apitoken",
    "api_token",
)
_ANY_NAME: Final = "|".join(_NAMES)


def _patterns(quote: str, text: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """For strings between `quote` and `quote`; `text` matches what is inside, and the end."""
    name = rf'{quote}[^"]{{0,200}}?(?:{_ANY_NAME})[^"]{{0,200}}?{quote}'
    key, value = (rf"{quote}{word}{quote}\s*:\s*" for word in ("key", "value"))
    between = r"[^{}]{0,600}?"
    return tuple(
        (re.compile(pattern, re.IGNORECASE), replacement)
        for pattern, replacement in (
            (rf"({key}{name}{between}{value})({quote}){text}", rf"\1\2{REDACTED}\2"),
            (rf"({value})({quote}){text}({between}{key}{name})", rf"\1\2{REDACTED}\2\3"),
            (rf"({name}\s*:\s*)({quote}){text}", rf"\1\2{REDACTED}\2"),
            (rf"({name}\s*:\s*)-?\d[\d.eE+-]*", rf'\1"{REDACTED}"'),
        )
    )


_PLAIN: Final = _patterns('"', r'(?:[^"\\]|\\.)*"?')
# JSON inside a string: {"data":"{\"password\":\"x\"}"}, also twice inside.
_NESTED: Final = _patterns(r'\\{1,3}"', r'[^"\\]*(?:\\{1,3}")?')

_URL_USER: Final = re.compile(
    r'([a-z][a-z0-9+.-]{1,20}:(?:\\?/){2})(?:[^\s"/?#\\]|\\u[0-9a-f]{4}){1,512}@', re.IGNORECASE
)
_URL_QUERY: Final = re.compile(
    r"([?&;][\w.-]{0,40}(?:token|sig|key|secret|passw|pwd|credential|auth)[\w.-]{0,40}=)"
    r'[^&\s"#\\]+',
    re.IGNORECASE,
)
_PRIVATE_KEY: Final = re.compile(
    r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)"
    r'[^"]*?(-----END [A-Z ]{0,30}PRIVATE KEY-----|(?=")|\Z)'
)


def redact(text: str) -> str:
    """The frame as it may be stored: secrets replaced, at most MAX_STORED characters, no NUL."""
    if len(text) > MAX_STORED:
        text = text[:MAX_STORED] + "…"
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if "://" in text or r":\/\/" in text:
        text = _URL_USER.sub(rf"\1{REDACTED}@", text)
        text = _URL_QUERY.sub(rf"\1{REDACTED}", text)
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(rf"\1{REDACTED}\2", text)
    if not _may_name_a_secret(text.lower()):
        return text
    for pattern, replacement in _PLAIN:
        text = pattern.sub(replacement, text)
    if '\\"' in text:
        for pattern, replacement in _NESTED:
            text = pattern.sub(replacement, text)
    return text


def _may_name_a_secret(folded: str) -> bool:
    """Every frame comes here: what all of _NAMES have in common, then the names themselves."""
    may = (
        "key" in folded
        or "pass" in folded
        or "secret" in folded
        or "token" in folded
        or "credential" in folded
    )
    return may and any(name in folded for name in _NAMES)


def redact_json(value: Any) -> Any:
    """`value` with the secrets in its strings and under telling names replaced, whatever its size.

    For what is kept as JSON beside the log: commands' payloads and chargers' answers.
    """
    if isinstance(value, str):
        return redact(value) if len(value) <= MAX_STORED else value
    if isinstance(value, list):
        return [redact_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    hidden = {name for name in value if _is_telling(name)}
    if _is_telling(value.get("key")):
        hidden.add("value")
    return {
        name: REDACTED if name in hidden and _is_plain(item) else redact_json(item)
        for name, item in value.items()
    }


def _is_telling(name: Any) -> bool:
    return isinstance(name, str) and any(known in name.casefold() for known in _NAMES)


def _is_plain(value: Any) -> bool:
    return value not in (None, "") and not isinstance(value, dict | list)


def redact_payload(payload: dict[str, Any]) -> dict[str, Any]:
    """A command's payload as it may be kept and shown, whatever its action."""
    redacted: dict[str, Any] = redact_json(payload)
    return redacted
