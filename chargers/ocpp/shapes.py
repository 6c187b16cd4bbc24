"""The shape of a request, by its OCA schema: what a form asks for, and the order on the wire."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Final

import orjson

from chargers.ocpp.schemas import ACTIONS

_REFERENCE: Final = "#/definitions/"


@cache
def request_shape(action: str) -> dict[str, Any]:
    """The request's JSON schema (draft 4 or 6) without references; KeyError: no such action."""
    if action not in ACTIONS:
        raise KeyError(action)
    path = resources.files("ocpp.v16.schemas") / f"{action}.json"
    schema: dict[str, Any] = orjson.loads(path.read_text(encoding="utf-8-sig"))
    shape: dict[str, Any] = _resolved(schema, schema.get("definitions", {}))
    return shape


def in_wire_order(action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """`payload` with its keys in the schema's order, on every level; unknown keys come last.

    PostgreSQL's jsonb keeps no order, and some chargers want SendLocalList to be listVersion,
    localAuthorizationList, updateType.
    """
    if action not in ACTIONS:
        return payload
    ordered: dict[str, Any] = _ordered(request_shape(action), payload)
    return ordered


def _resolved(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_resolved(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _resolved(definitions[part["$ref"].removeprefix(_REFERENCE)], definitions)
    return {
        name: _resolved(value, definitions) for name, value in part.items() if name != "definitions"
    }


def _ordered(shape: dict[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(shape.get("items", {}), item) for item in value]
    if not isinstance(value, dict):
        return value
    known: dict[str, Any] = shape.get("properties", {})
    names = [
        *(name for name in known if name in value),
        *(name for name in value if name not in known),
    ]
    return {name: _ordered(known.get(name, {}), value[name]) for name in names}
