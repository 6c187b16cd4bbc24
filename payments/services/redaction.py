"""What a gateway sent, fit to be shown: without signatures, tokens, keys and account numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from unievp.lib.secrets import mask

REDACTED: Final = "••••"
# A name with one of these in it holds a secret, or whose account it is.
_TELLING: Final = (
    "signature",
    "token",
    "secret",
    "password",
    "authorization",
    "api_key",
    "apikey",
    "account_number",
    "card_number",
    "masked_card",
)
# Deeper than any gateway's body; what lies below is not shown.
_DEEPEST: Final = 30


def redacted_body(body: str, *, secrets: Iterable[str] = ()) -> str:
    """JSON, indented, with masks; any other text as it is. No word of `secrets` stands in it."""
    try:
        text = json.dumps(_redacted(json.loads(body), _DEEPEST), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body
    for secret in secrets:
        if secret:
            text = text.replace(secret, REDACTED)
    return text


def redacted_values(value: Any) -> Any:
    """The same for what was parsed already."""
    return _redacted(value, _DEEPEST)


def _redacted(value: Any, depth: int) -> Any:
    if depth == 0:
        return REDACTED
    if isinstance(value, dict):
        return {
            name: _masked(each) if _tells(name) else _redacted(each, depth - 1)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_redacted(each, depth - 1) for each in value]
    return value


def _tells(name: str) -> bool:
    folded = name.lower().replace("-", "_")
    return any(word in folded for word in _TELLING)


def _masked(value: Any) -> Any:
    if value in (None, "", [], {}):
        return value
    # Of a number that names an account its end may be read; of a signature too, which is no loss.
    return mask(str(value)) if isinstance(value, str | int) else REDACTED
