"""What can be stored as JSON and sent as a frame: nothing else may enter a charger's queue."""

from __future__ import annotations

import math
from typing import Any, Final

from django.utils.translation import gettext as _

from chargers.models import Command
from chargers.ocpp.redaction import REDACTED
from unievp.lib.errors import InvalidError

_MOST_LEVELS: Final = 32
_LIMIT: Final = 2**63


def check_payload(payload: Any) -> None:
    """Raise InvalidError, naming the place ("payload.key.0"), for what no frame can carry."""
    if not isinstance(payload, dict):
        raise InvalidError(_("The payload must be a JSON object."), field="payload")
    _check(payload, ["payload"])


def split_secret(action: str, payload: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The payload as it may lie in a table, and the charger's new password in it, if any."""
    key, value = payload.get("key"), payload.get("value")
    is_key = action == "ChangeConfiguration" and isinstance(key, str)
    if is_key and str(key).casefold() == "authorizationkey" and isinstance(value, str) and value:
        return {**payload, "value": REDACTED}, value
    return payload, ""


def payload_to_send(command: Command) -> dict[str, Any]:
    """The payload with its secret in place: for the wire alone."""
    payload: dict[str, Any] = command.payload
    return {**payload, "value": command.secret} if command.secret else payload


def _check(value: Any, path: list[str]) -> None:
    if len(path) > _MOST_LEVELS:
        raise InvalidError(_("The payload is nested too deeply."), field="payload")
    fault = _fault(value)
    if fault:
        raise InvalidError(fault, field=".".join(path))
    children: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        children = [(str(name), child) for name, child in value.items()]
    elif isinstance(value, list):
        children = [(str(index), child) for index, child in enumerate(value)]
    for name, child in children:
        if _text_fault(name):
            raise InvalidError(_text_fault(name), field=".".join(path))
        _check(child, [*path, name])


def _fault(value: Any) -> str:
    if isinstance(value, str):
        return _text_fault(value)
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        fits = math.isfinite(value) and -_LIMIT <= value < _LIMIT
        return "" if fits else _("The number is too large.")
    if isinstance(value, dict | list):
        return ""
    return _("This is no JSON value.")


def _text_fault(text: str) -> str:
    if "\0" in text:
        return _("The text holds a NUL character.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return _("The text holds half a character (a lone surrogate).")
    return ""
