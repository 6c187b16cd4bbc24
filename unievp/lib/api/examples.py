"""Bodies that work: shown in the docs, sent by tests, which put ids of their own in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

_Kind = TypeVar("_Kind", bound=type)
CPO_ID: Final = "6f1d2c9e-3b7a-4c55-9a0e-2f6b8f0c1d23"


def example(**body: Any) -> Callable[[_Kind], _Kind]:
    """For the serializer of a request. Every id of a row in it is replaceable by another."""
    shown = OpenApiExample("Example", value=body, request_only=True)

    def show(kind: _Kind) -> _Kind:
        shown_too: _Kind = extend_schema_serializer(examples=[shown])(kind)
        return shown_too

    return show
