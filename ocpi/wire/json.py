"""JSON both ways: numbers stay numbers and exact, what is stored as text goes out byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from unievp.lib.clock import isoformat_z

Fragment = orjson.Fragment
_LONGEST: Final = 40
# What orjson writes by itself: 64 bits, and 254 levels with the envelope around.
_WHOLE: Final = range(-(2**63), 2**63)
_DEEPEST: Final = 64


def dumps(value: Any) -> bytes:
    """Decimals as JSON numbers, datetimes as `2015-06-29T20:39:09Z` (string(25) has no room for
    microseconds). OCPI knows no null: `without_none` is the caller's.
    """
    return orjson.dumps(value, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME)


def canonical(value: Any) -> bytes:
    """One text for what is equal, whatever the order of its fields and the zeros of its numbers."""
    options = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_SORT_KEYS
    return orjson.dumps(value, default=_default, option=options)


def loads(raw: bytes | str) -> Any:
    """Numbers with a point as Decimal. Raises ValueError, also for NaN, an escaped NUL, numbers
    that would fill the memory once they are written out (`1e999999999`), and more levels than we
    could write again.
    """
    value = json.loads(raw, parse_float=_decimal, parse_int=_integer, parse_constant=_no_number)
    _check_storable(value)
    return value


def without_none(value: Mapping[str, Any]) -> dict[str, Any]:
    """An object without its absent optionals."""
    return {name: part for name, part in value.items() if part is not None}


def plain(number: Decimal | int) -> str:
    """`12.5`, never `1.25E+1`; without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return Fragment(plain(value))
    if isinstance(value, datetime):
        return isoformat_z(value)
    message = f"{type(value).__name__} is not for the wire"
    raise TypeError(message)


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if len(text) > _LONGEST or (value and abs(value.adjusted()) > _LONGEST):
        message = f"{text[:20]} is no amount of anything"
        raise ValueError(message)
    # Of 0 with an exponent, nothing is left but 0.
    return value if value else Decimal()


def _integer(text: str) -> int | Decimal:
    """What 64 bits do not hold is written again as a Decimal."""
    if len(text) <= _LONGEST and int(text) in _WHOLE:
        return int(text)
    return _decimal(text)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _check_storable(value: Any) -> None:
    """PostgreSQL holds no NUL and no half of a character."""
    level, depth = [value], 0
    while level:
        if depth > _DEEPEST:
            message = f"more than {_DEEPEST} levels"
            raise ValueError(message)
        level, depth = [part for one in level for part in _parts(one)], depth + 1


def _parts(one: Any) -> list[Any]:
    """What is inside; a text is looked at."""
    if isinstance(one, str):
        _check_text(one)
    elif isinstance(one, dict):
        return [*one, *one.values()]
    elif isinstance(one, list):
        return one
    return []


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError("a text holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half of a character") from None
