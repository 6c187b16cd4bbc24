"""Numbers as forms send them."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from unievp.lib.errors import InvalidError

_LONGEST: Final = 18


def whole_number(text: str, *, field: str) -> int:
    """Raises InvalidError for what is no whole number from 0 up, or longer than any id."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST):
        raise InvalidError(_("This is no number."), field=field)
    return int(digits)
