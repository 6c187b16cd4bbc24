"""Single values as chargers write them, read tolerantly: None where nothing can be made of them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd]")
# Decimal counts digits with int(): a longer text is no measurement.
_LONGEST_NUMBER: Final = 40
_MOST_DIGITS: Final = 18
SMALLINT_MAX: Final = 32_767
INT_MAX: Final = 2_147_483_647
BIGINT_MAX: Final = 9_223_372_036_854_775_807


def read_number(value: Any) -> int | Decimal | None:
    """A finite number of at most 18 digits before the point, also with a decimal comma."""
    if type(value) is str and value.isdecimal() and len(value) <= _MOST_DIGITS:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = value.strip() if isinstance(value, str) else repr(value)
    if not text or len(text) > _LONGEST_NUMBER or "_" in text:
        return None
    try:
        number = Decimal(text.replace(",", ".") if "," in text and "." not in text else text)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() >= _MOST_DIGITS:
        return None
    return number


def read_integer(value: Any) -> int | None:
    """A whole number within 64 bits; "12", 12.0 and 12.4 are 12."""
    if type(value) is int:
        return value if -BIGINT_MAX <= value <= BIGINT_MAX else None
    number = read_number(value)
    return round(number) if number is not None else None


def read_text(value: Any, longest: int) -> str:
    """Text without control characters and outer spaces, cut at `longest`; "" for anything else."""
    if isinstance(value, str):
        return _CONTROLS.sub("", value).strip()[:longest]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:longest]
    return ""
