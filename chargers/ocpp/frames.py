"""OCPP-J text to JSON and back (OCPP-J 1.6 §4), safe for whatever a client sends.

`parse` accepts more than JSON allows where chargers are known to send it (raw line breaks in
strings, NaN, lone surrogates) and never raises anything but `UnreadableError`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

MAX_TEXT: Final = 1_048_576  # characters; a GetConfiguration answer of real chargers has 64 KiB
MAX_DEPTH: Final = 32

# [2,"id" at the beginning: enough to answer a CALL whose rest cannot be read.
_READABLE_ID = re.compile(r'\s*\[\s*2\s*,\s*"([^"\\\x00-\x1f]{0,36})"')
_NEEDS_CLEANING = re.compile(r"\\u0000|\\u[dD][89a-fA-F]")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
REPLACEMENT: Final = "\ufffd"


class UnreadableError(ValueError):
    """The text is no JSON, too large or too deep. `args[0]` says so in a few words."""


def parse(text: str) -> Any:
    """The JSON value of `text`; NUL and lone surrogates in its strings become U+FFFD."""
    if len(text) > MAX_TEXT:
        raise UnreadableError("too large")
    try:
        value = orjson.loads(text)
    except ValueError:
        value = _parse_leniently(text)
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_too_deep(value):
        raise UnreadableError("too deep")
    # orjson takes no raw NUL or surrogate, so only escapes can have brought one.
    return clean(value) if "\\u" in text and _NEEDS_CLEANING.search(text) else value


def dump(value: Any) -> str:
    """Compact JSON; an integer beyond 64 bits is a float there."""
    return orjson.dumps(value).decode()


def dump_sorted(value: Any) -> str:
    """`dump` with the keys in order: equal values give equal texts."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def readable_id(text: str) -> str | None:
    """The message id of a CALL that cannot be parsed as a whole."""
    match = _READABLE_ID.match(text)
    return match[1] if match else None


def clean_text(text: str) -> str:
    """PostgreSQL holds neither NUL nor lone surrogates."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def clean(value: Any) -> Any:
    """`clean_text` for every string inside; `value` is at most MAX_DEPTH deep."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): clean(item) for key, item in value.items()}
    return value


def _parse_leniently(text: str) -> Any:
    """What orjson refuses and a person can read: raw control characters, NaN, BOM, 1e999."""
    try:
        value = json.loads(
            text.lstrip("\ufeff"),
            strict=False,
            parse_constant=_none,
            parse_float=_finite,
            parse_int=_within_64_bits,
        )
    except RecursionError:
        raise UnreadableError("too deep") from None
    except ValueError:
        raise UnreadableError("not JSON") from None
    if _is_too_deep(value):
        raise UnreadableError("too deep")
    return clean(value)


def _none(_constant: str) -> None:
    return None


def _finite(number: str) -> float | None:
    value = float(number)
    return value if abs(value) < float("inf") else None


def _within_64_bits(digits: str) -> int | float | None:
    return int(digits) if len(digits) < 19 else _finite(digits)


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for container in level
            if isinstance(container, list | dict)
            for item in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return False
    return True
